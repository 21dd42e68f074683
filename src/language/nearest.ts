// The name that somebody probably meant.

const nameLengthMax = 64;
const candidatesMax = 5000;

/** The closest candidate, where it is close enough to be a slip; null if none is. Case hardly counts. */
export function nearest(name: string, candidates: Iterable<string>): string | null {
  if (name.length < 2 || name.length > nameLengthMax) return null;
  const lower = name.toLowerCase();
  let best: string | null = null;
  let least = slipsIn(name) + 1;
  let examined = 0;
  for (const candidate of candidates) {
    if (++examined > candidatesMax) break;
    if (candidate === name || Math.abs(candidate.length - name.length) >= least) continue;
    const distance = editDistance(lower, candidate.toLowerCase());
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** The hint that names it. */
export function didYouMean(name: string | null): string | null {
  return name === null ? null : `Did you mean '${name}'?`;
}

/** How many slips a word of that length may have. */
function slipsIn({ length }: string): number {
  if (length < 5) return 1;
  return length < 8 ? 2 : 3;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(source: string, target: string): number {
  let before: number[] = [];
  let row = Array.from({ length: target.length + 1 }, (_, column) => column);
  for (let i = 1; i <= source.length; i++) {
    const next = [i];
    for (let j = 1; j <= target.length; j++) {
      const same = source[i - 1] === target[j - 1];
      let least = Math.min(row[j - 1]! + (same ? 0 : 1), row[j]! + 1, next[j - 1]! + 1);
      const swapped = source[i - 1] === target[j - 2] && source[i - 2] === target[j - 1];
      if (swapped && i > 1 && j > 1) least = Math.min(least, before[j - 2]! + 1);
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[target.length]!;
}
