// The whole body of an answer, within limits.
import assert from 'node:assert';
import { addAbortSignal, Readable } from 'node:stream';

/** The largest index: some millions of parts. */
const textBytesMax = 256 * 1024 ** 2;

/** At most `sizeBytesMax` bytes. Throws when the connection ends before the body does, or there is more of it. */
export async function readBody(
  body: unknown,
  sizeBytesMax = textBytesMax,
  signal: AbortSignal,
): Promise<Buffer> {
  assert(body instanceof Readable);
  const pieces: Buffer[] = [];
  let sizeBytes = 0;
  for await (const piece of addAbortSignal(signal, body)) {
    sizeBytes += piece.length;
    // SECURITY: a storage that does not know ranges would send the whole object.
    if (sizeBytes > sizeBytesMax) throw new Error('the answer is longer than what was asked for');
    pieces.push(piece);
  }
  return Buffer.concat(pieces, sizeBytes);
}
