import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../src/orchestrator/foundation/clock.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

describe('the system clock', () => {
  it('calls back once, never early, and not when that was cancelled', async () => {
    const start = systemClock.monotonic();
    const cancelled = systemClock.after(1, () => expect.unreachable());
    cancelled();
    await new Promise<void>((resolve) => systemClock.after(20, resolve));
    // Timers are allowed to round to whole milliseconds.
    expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(19);
  });

  it('waits for months when it is told to', () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const dayMs = 24 * 60 * 60 * 1000;
    let fired = 0;
    systemClock.after(90 * dayMs, () => fired++);
    const cancel = systemClock.after(80 * dayMs, () => expect.unreachable());
    vi.advanceTimersByTime(70 * dayMs);
    cancel();
    vi.advanceTimersByTime(20 * dayMs - 1);
    expect(fired).toBe(0);
    vi.advanceTimersByTime(1);
    expect(fired).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the fake clock', () => {
  it('runs timers in the order of their time, and those they set', () => {
    const clock = new FakeClock(1000);
    const seen: string[] = [];
    const note = (text: string) => () => seen.push(`${text}@${clock.now()}`);
    clock.after(30, note('late'));
    clock.after(10, () => {
      note('early')();
      clock.after(5, note('set meanwhile'));
    });
    clock.after(10, note('second'));
    const cancel = clock.after(20, note('cancelled'));
    cancel();
    clock.advance(29);
    expect(seen).toEqual(['early@1010', 'second@1010', 'set meanwhile@1015']);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect(seen.at(-1)).toBe('late@1030');
    expect([clock.now(), clock.monotonic()]).toEqual([1030, 30]);
  });
});
