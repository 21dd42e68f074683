// What one check of the host comes to.

export type Level = 'ok' | 'warning' | 'failure';

export type Finding = {
  readonly level: Level;
  /** What was found, in words. */
  readonly seen: string;
  /** What the operator is to do; null where nothing is. */
  readonly advice: string | null;
};

export function ok(seen: string): Finding {
  return { level: 'ok', seen, advice: null };
}

export function warning(seen: string, advice: string): Finding {
  return { level: 'warning', seen, advice };
}

export function failure(seen: string, advice: string): Finding {
  return { level: 'failure', seen, advice };
}

const unitBytes = 1024;
const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1.5 GiB`. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  for (; value >= unitBytes && unit < units.length - 1; unit++) value /= unitBytes;
  return `${Number(value.toFixed(1))} ${units[unit]}`;
}
