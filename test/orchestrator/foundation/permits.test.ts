import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import { Permits } from '../../../src/orchestrator/foundation/permits.ts';

const patience = () => AbortSignal.timeout(10_000);

describe('permits', () => {
  it('are so many, and come back once each', async () => {
    const permits = new Permits(2);
    const first = permits.tryTake()!;
    expect(permits.tryTake()).not.toBeNull();
    expect(permits.tryTake()).toBeNull();
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    expect(permits.tryTake()).not.toBeNull();
    expect(permits.tryTake()).toBeNull();
  });

  it('go to those who wait, in the order in which they came', async () => {
    const permits = new Permits(1);
    const held = permits.tryTake()!;
    const order: string[] = [];
    const turn = async (name: string) => {
      using _ = await permits.take(patience());
      order.push(name);
    };
    const turns = [turn('first'), turn('second'), turn('third')];
    expect(order).toEqual([]);
    held[Symbol.dispose]();
    await Promise.all(turns);
    expect(order).toEqual(['first', 'second', 'third']);
    expect(permits.tryTake()).not.toBeNull();
  });

  it('are not lost on somebody who has given up', async () => {
    const permits = new Permits(1);
    const held = permits.tryTake()!;
    const givingUp = new AbortController();
    const reason = new AppError('shutting_down');
    const early = permits.take(givingUp.signal);
    const late = permits.take(givingUp.signal);
    early.catch(() => {});
    givingUp.abort(reason);
    await expect(early).rejects.toBe(reason);
    await expect(late).rejects.toBe(reason);
    held[Symbol.dispose]();
    expect(permits.tryTake()).not.toBeNull();
  });

  it('are not lost on somebody who gives up at the very moment', async () => {
    const permits = new Permits(1);
    const held = permits.tryTake()!;
    const givingUp = new AbortController();
    const waiting = permits.take(givingUp.signal);
    givingUp.abort(new AppError('shutting_down'));
    held[Symbol.dispose]();
    await expect(waiting).rejects.toMatchObject({ code: 'shutting_down' });
    await expect.poll(() => permits.tryTake()).not.toBeNull();
  });
});
