// Where the times that an agent says it took lie on the host's clock. SECURITY: they are a sandbox's word: durations only, cut to what the
// host saw pass between handing a program over and hearing of its end.
import type { EndedEvent } from '#protocol';

export type PlacedTimes = {
  readonly received: number;
  readonly begun: number;
  readonly ended: number;
};

/** All within `from` and `to`, in order. The way there and the way back are taken to be equally long. */
export function placeAgentTimes(
  { begunMs, endedMs }: NonNullable<EndedEvent['times']>,
  { from, to }: { readonly from: number; readonly to: number },
): PlacedTimes {
  const windowMs = Math.max(0, to - from);
  const heldMs = Math.min(endedMs, windowMs);
  const received = from + (windowMs - heldMs) / 2;
  return {
    received,
    begun: received + Math.min(begunMs, heldMs),
    ended: received + heldMs,
  };
}
