// Version constraints of imports (SPEC 6.6).

type Version = readonly [major: number, minor: number, patch: number];

/** Whether a version meets every comma-joined part of a constraint: exact, `>= > <= <`, `^`, `~`. Malformed ones meet nothing. */
export function satisfies(version: string, constraint: string): boolean {
  const actual = parse(version);
  if (actual === null) return false;
  return constraint.split(',').every((part) => meets(actual, part.trim()));
}

function meets(actual: Version, part: string): boolean {
  const [, operator, text] = /^(>=|<=|>|<|\^|~|=?)\s*(.*)$/.exec(part)!;
  const wanted = parse(text!);
  if (wanted === null) return false;
  const order = compare(actual, wanted);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '<':
      return order < 0;
    case '^':
      return order >= 0 && actual[0] === wanted[0] && (wanted[0] !== 0 || actual[1] === wanted[1]);
    case '~':
      return order >= 0 && actual[0] === wanted[0] && actual[1] === wanted[1];
    default:
      return order === 0;
  }
}

function parse(text: string): Version | null {
  const match = /^(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (match === null) return null;
  return [Number(match[1]), Number(match[2] ?? 0), Number(match[3] ?? 0)];
}

function compare(left: Version, right: Version): number {
  for (let i = 0; i < left.length; i++) {
    const difference = left[i]! - right[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}
