// The order in which those are served who wait for room.
import { describe, expect, it } from 'vitest';
import { FairQueue } from '../../../src/orchestrator/admission/fair-queue.ts';
import {
  RecentlyFreed,
  retryAfterSeconds,
} from '../../../src/orchestrator/admission/retry-after.ts';

const item = (name: string) => ({ tenant: name[0]!, name });

function queueOf(...names: string[]) {
  const queue = new FairQueue<ReturnType<typeof item>>();
  const items = names.map(item);
  for (const one of items) queue.push(one);
  return { queue, items };
}

/** All, as they would be served one after the other. */
function served(queue: FairQueue<ReturnType<typeof item>>): string[] {
  const order: string[] = [];
  for (let [next] = queue.inTurn(1); next; [next] = queue.inTurn(1)) {
    order.push(next.name);
    queue.serve(next);
  }
  return order;
}

describe('those who wait', () => {
  it('are served in turn between tenants, and as they came within one', () => {
    const { queue } = queueOf('a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2');
    const order = ['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4'];
    expect(queue.inTurn(10).map(({ name }) => name)).toEqual(order);
    expect(served(queue)).toEqual(order);
    expect(queue.length).toBe(0);
  });

  it('do not lose their turn to a tenant that comes back at once', () => {
    const { queue, items } = queueOf('a1', 'a2', 'b1');
    queue.serve(items[0]!);
    queue.push(item('a3'));
    expect(served(queue)).toEqual(['b1', 'a2', 'a3']);
  });

  it('leave without a trace', () => {
    const { queue, items } = queueOf('a1', 'b1', 'a2');
    queue.remove(items[0]!);
    expect(queue.remove(items[0]!)).toBe(null);
    expect([queue.length, queue.lengthOf('a'), queue.lengthOf('c')]).toEqual([2, 1, 0]);
    expect(served(queue)).toEqual(['a2', 'b1']);
  });
});

describe('the time until trying again', () => {
  it('follows from how often room became free, and how many are before', () => {
    const freed = new RecentlyFreed();
    for (let second = 0; second < 60; second += 2) freed.add(second * 1000, 'a');
    freed.add(59_000, 'b');
    const now = 59_999;
    expect(freed.perSecond(now, 'b')).toBeCloseTo(1 / 60);
    expect(freed.perSecond(now)).toBeCloseTo(31 / 60);
    expect(retryAfterSeconds(9, freed.perSecond(now, 'a'))).toBe(20);
    expect(freed.perSecond(now + 60_000)).toBe(0);
  });

  it('has bounds', () => {
    expect(retryAfterSeconds(0, 100)).toBe(1);
    expect(retryAfterSeconds(1000, 0.01)).toBe(120);
    expect(retryAfterSeconds(5, 0)).toBe(10);
  });
});
