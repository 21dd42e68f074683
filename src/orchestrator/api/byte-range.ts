// The one range of bytes that a request may ask for (RFC 9110, section 14).

/** Bytes from the beginning, and how many. */
export type ByteRange = { readonly offset: number; readonly length: number };

/**
 * Null for the whole: no range, several of them, or none that we understand, which a server may all answer with everything. `null` and
 * `unsatisfiable` are as of a file of `sizeBytes`.
 */
export function byteRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'unsatisfiable' | null {
  const match = /^bytes=[ \t]*(\d{0,15})-(\d{0,15})[ \t]*$/i.exec(header ?? '');
  if (match === null) return null;
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? null : suffix(Number(last), sizeBytes);
  const offset = Number(first);
  const end = last === '' ? sizeBytes - 1 : Number(last);
  if (last !== '' && end < offset) return null;
  if (offset >= sizeBytes) return 'unsatisfiable';
  return { offset, length: Math.min(end, sizeBytes - 1) - offset + 1 };
}

function suffix(length: number, sizeBytes: number): ByteRange | 'unsatisfiable' | null {
  if (length === 0) return 'unsatisfiable';
  // Nothing has no last bytes; all of it is as good an answer.
  if (sizeBytes === 0) return null;
  const given = Math.min(length, sizeBytes);
  return { offset: sizeBytes - given, length: given };
}
