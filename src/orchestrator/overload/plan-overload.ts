// Whether the process has more to do than it can, from what was measured. Pure.

/** What is measured of this process. */
export type Load = {
  /** How late the event loop was, ms, at worst but for one time in a hundred. */
  readonly loopDelayMs: number;
  /** Memory of the process. */
  readonly residentBytes: number;
  readonly openFiles: number;
};

export type LoadName = keyof Load;

export const loadNames = ['loopDelayMs', 'residentBytes', 'openFiles'] as const;

/** Below this share of its limit something is well again. The gap keeps the answer from changing with every measurement. */
const calmShare = 0.8;

/** What is over its limit now, given what was before. */
export function planOverload(
  before: ReadonlySet<LoadName>,
  load: Load,
  limits: Load,
): ReadonlySet<LoadName> {
  return new Set(
    loadNames.filter((name) =>
      before.has(name) ? load[name] > limits[name] * calmShare : load[name] > limits[name],
    ),
  );
}
