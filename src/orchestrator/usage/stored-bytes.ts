// How much was stored for how long, from the steps in which it changed. Pure.
import { hourMs, type StorageStep } from '../registry/usage-records.ts';

/** Byte-seconds by hour, of those that begin in the span and before `now`; hours without any are missing. Steps are oldest first. */
export function storedByHour(
  steps: readonly StorageStep[],
  { from, to }: { readonly from: number; readonly to: number },
  now: number,
): Map<number, number> {
  const byHour = new Map<number, number>();
  const end = Math.min(to, now);
  const add = (hour: number, byteSeconds: number) => {
    if (byteSeconds > 0 && hour >= from && hour < end) byHour.set(hour, byteSeconds);
  };
  for (const [index, step] of steps.entries()) {
    const held = (fromMs: number, toMs: number) =>
      (step.bytes * Math.max(0, Math.min(toMs, now) - fromMs)) / 1000;
    const next = step.hour + hourMs;
    add(step.hour, step.byteSeconds + held(step.at, next));
    const until = Math.min(steps[index + 1]?.hour ?? end, end);
    for (let hour = Math.max(next, from); hour < until && step.bytes > 0; hour += hourMs)
      add(hour, held(hour, hour + hourMs));
  }
  return byHour;
}
