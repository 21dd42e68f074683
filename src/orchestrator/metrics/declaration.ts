// What is said of a metric where it is declared.

/** Values of a label: all of them, with `other` for whatever else comes; or what they are, and how many of them at most before it is `other`. */
export type LabelValues = readonly string[] | { readonly what: string; readonly countMax: number };

export type Kind = 'counter' | 'gauge' | 'histogram';
export type Unit = 'seconds' | 'bytes' | 'processors' | 'number';

export type Declaration = {
  readonly kind: Kind;
  /** Of a value. */
  readonly unit: Unit;
  readonly help: string;
  readonly labels: Readonly<Record<string, LabelValues>>;
  /** Upper bounds, in the unit; of histograms only. */
  readonly buckets?: readonly number[];
};

/** Takes the place of a value that is not among those of a label. */
export const otherValue = 'other';

export function isClosed(values: LabelValues): values is readonly string[] {
  return Array.isArray(values);
}

type Labels = Readonly<Record<string, LabelValues>>;

export function counter<const Given extends Labels = Record<never, never>>(
  unit: Declaration['unit'],
  help: string,
  labels: Given = {} as Given,
) {
  return { kind: 'counter', unit, help, labels } as const;
}

export function gauge<const Given extends Labels = Record<never, never>>(
  unit: Declaration['unit'],
  help: string,
  labels: Given = {} as Given,
) {
  return { kind: 'gauge', unit, help, labels } as const;
}

export function histogram<const Given extends Labels = Record<never, never>>(
  unit: Declaration['unit'],
  help: string,
  buckets: readonly number[],
  labels: Given = {} as Given,
) {
  return { kind: 'histogram', unit, help, buckets, labels } as const;
}
