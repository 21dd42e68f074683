// What a benchmark hands over: tables of measured numbers and how they stand to our targets. Plain data, so that it
// survives JSON; nothing in it may be a number that was not measured in that run.

/** Numbers are shown rounded; a dash stands for what could not be measured. */
export type Cell = string | number;

export type Table = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
};

/** One promise: `measured` may be at most, or must be at least, `limit`. */
export type Verdict = {
  readonly what: string;
  readonly measured: number;
  readonly bound: 'at most' | 'at least';
  readonly limit: number;
  readonly unit: '×' | '%' | 'MB' | 'MB/s' | 'ms' | 'bytes' | 'values/s' | 'descriptors';
  readonly met: boolean;
};

export type Report = {
  /** Name of the benchmark, as its file is called. */
  readonly name: string;
  readonly title: string;
  /** RFC 3339. */
  readonly measuredAt: string;
  readonly durationMs: number;
  readonly verdicts: readonly Verdict[];
  readonly tables: readonly Table[];
  /** How it was measured, and what could not be. */
  readonly notes: readonly string[];
};

export type Findings = Pick<Report, 'verdicts' | 'tables' | 'notes'>;

export function verdict(
  what: string,
  measured: number,
  limit: number,
  unit: Verdict['unit'],
): Verdict {
  return { what, measured, bound: 'at most', limit, unit, met: measured <= limit };
}

export function verdictAtLeast(
  what: string,
  measured: number,
  limit: number,
  unit: Verdict['unit'],
): Verdict {
  return { what, measured, bound: 'at least', limit, unit, met: measured >= limit };
}
