// Paths in messages: quoted, and never longer than a message may be.

const shownLengthMax = 200;

export function shownPath(path: string): string {
  return path.length <= shownLengthMax ? `'${path}'` : `'${path.slice(0, shownLengthMax)}…'`;
}
