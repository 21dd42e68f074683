// Content to store: the same bytes for the same seed, random or easy to compress, in pieces of any size.
import { createCipheriv } from 'node:crypto';

/** Bytes without a pattern. */
export function randomContent(sizeBytes: number, seed = 1): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(sizeBytes));
}

/** Text that is never the same for long, and takes about a fifth when compressed. */
export function textContent(sizeBytes: number, seed = 1): Buffer {
  return Buffer.from(randomContent(sizeBytes, seed).map((byte) => 97 + (byte % 3)));
}

export async function* pieces(content: Buffer, pieceBytes = 65_536): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < content.length; offset += pieceBytes)
    yield content.subarray(offset, offset + pieceBytes);
}

/** The pieces, then the error. */
export async function* failing(content: Buffer, error: unknown): AsyncGenerator<Buffer> {
  yield* pieces(content);
  throw error;
}

/** The pieces, then nothing ever again. Tells when it has come so far, and when it was ended. */
export function hanging(content: Buffer) {
  const reached = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<IteratorResult<Buffer>>();
  const rest = pieces(content);
  const iterator = {
    async next(): Promise<IteratorResult<Buffer>> {
      const next = await rest.next();
      if (!next.done) return next;
      reached.resolve();
      return new Promise(() => {});
    },
    async return(): Promise<IteratorResult<Buffer>> {
      const end = { done: true, value: undefined } as const;
      ended.resolve(end);
      return end;
    },
  };
  return {
    content: { [Symbol.asyncIterator]: () => iterator },
    reached: reached.promise,
    ended: ended.promise,
  };
}

export async function collected(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of content) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What a session might have at its snapshot with this number: much stays, something grows, something changes. */
export function sessionContent(number: number): Buffer {
  const grown = Array.from({ length: number }, (_, i) => randomContent(20_000, 50 + i));
  return Buffer.concat([
    randomContent(1_000_000),
    ...grown,
    randomContent(1_500_000, 100 + number),
  ]);
}
