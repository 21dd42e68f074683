import { describe, expect, it } from 'vitest';
import { type ByteLimits, ByteMeter } from '../../../src/orchestrator/egress/byte-meter.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

const patient = new AbortController().signal;

function meterOf(limits: Partial<ByteLimits>, bytes = 0): { meter: ByteMeter; clock: FakeClock } {
  const clock = new FakeClock();
  const all = { bytesPerSecond: null, bytesTotal: null, ...limits };
  return { meter: new ByteMeter({ clock, bytes, limits: all }), clock };
}

/** Takes as many bytes as come, and says how many that were by now. */
function taking(meter: ByteMeter, bytes: number): { passed: number; failure: unknown } {
  const state = { passed: 0, failure: null as unknown };
  const run = async () => {
    while (state.passed < bytes)
      state.passed += await meter.take(bytes - state.passed, 'sent', patient);
  };
  run().catch((error: unknown) => {
    state.failure = error;
  });
  return state;
}

async function pass(clock: FakeClock, seconds: number): Promise<void> {
  for (let step = 0; step < seconds * 10; step++) {
    clock.advance(100);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  }
}

describe('the rate', () => {
  it('lets a second of it through at once, and the rest as time goes by', async () => {
    const { meter, clock } = meterOf({ bytesPerSecond: 1000 });
    const transfer = taking(meter, 100_000);
    await pass(clock, 0.1);
    expect(transfer.passed).toBeGreaterThanOrEqual(1000);
    expect(transfer.passed).toBeLessThanOrEqual(1500);
    await pass(clock, 10);
    expect(transfer.passed).toBeGreaterThanOrEqual(10_500);
    expect(transfer.passed).toBeLessThanOrEqual(11_500);
  });

  it('is one for all connections together', async () => {
    const { meter, clock } = meterOf({ bytesPerSecond: 1000 });
    const transfers = [1, 2, 3, 4].map(() => taking(meter, 100_000));
    await pass(clock, 10);
    const passed = transfers.map((transfer) => transfer.passed);
    expect(passed.reduce((sum, bytes) => sum + bytes)).toBeLessThanOrEqual(12_000);
    expect(Math.min(...passed)).toBeGreaterThan(1000);
  });

  it('may be less than a byte for each look at it', async () => {
    const { meter, clock } = meterOf({ bytesPerSecond: 1 });
    const transfer = taking(meter, 5);
    await pass(clock, 10);
    expect(transfer.passed).toBe(5);
  });

  it('is another one at once for those who wait', async () => {
    const { meter, clock } = meterOf({ bytesPerSecond: 10 });
    const transfer = taking(meter, 1000);
    await pass(clock, 1);
    meter.limit({ bytesPerSecond: null, bytesTotal: null });
    await pass(clock, 0.1);
    expect(transfer.passed).toBe(1000);
  });

  it('holds nobody back who has given up', async () => {
    const { meter } = meterOf({ bytesPerSecond: 1 });
    const given = new AbortController();
    await meter.take(1, 'sent', patient);
    const waiting = Promise.all([1, 2, 3].map(() => meter.take(1, 'sent', given.signal)));
    given.abort(new Error('given up'));
    await expect(waiting).rejects.toThrow('given up');
  });
});

describe('the total', () => {
  it('is let through to the byte, and no more', async () => {
    const { meter } = meterOf({ bytesTotal: 100 });
    expect(await meter.take(70, 'sent', patient)).toBe(70);
    expect(await meter.take(70, 'sent', patient)).toBe(30);
    expect(meter.exhausted).toBe(true);
    await expect(meter.take(1, 'sent', patient)).rejects.toMatchObject({
      type: 'connection_limit_reached',
    });
    expect(meter.bytes).toBe(100);
  });

  it('counts what was before', async () => {
    const { meter } = meterOf({ bytesTotal: 100 }, 99);
    expect(await meter.take(70, 'sent', patient)).toBe(1);
  });

  it('ends the wait of those who wait when it is lowered', async () => {
    const { meter, clock } = meterOf({ bytesPerSecond: 1 });
    const transfer = taking(meter, 100);
    await pass(clock, 2);
    meter.limit({ bytesPerSecond: 1, bytesTotal: 1 });
    await pass(clock, 0.1);
    expect(transfer.failure).toMatchObject({ type: 'connection_limit_reached' });
  });
});
