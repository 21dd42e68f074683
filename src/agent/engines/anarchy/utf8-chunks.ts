// Text to bytes and back in pieces.
import { TextDecoder } from 'node:util';
import type { Meter } from '#language';
import { FileRefusal } from './file-failure.ts';

const chunkLength = 16 * 1024;

/** The text of bytes that come in pieces. A byte order mark is part of it. FileRefusal where they are not UTF-8. */
export function decodeUtf8(chunks: Iterable<Uint8Array>, meter: Meter): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const pieces: string[] = [];
  let length = 0;
  const add = (chunk?: Uint8Array): void => {
    const piece = decodePiece(decoder, chunk);
    length += piece.length;
    meter.allocate(length * 2);
    pieces.push(piece);
  };
  for (const chunk of chunks) add(chunk);
  add();
  return pieces.join('');
}

/** Pieces of a text as UTF-8; a surrogate without its other half becomes U+FFFD. */
export function* encodeUtf8(text: string): Generator<Buffer> {
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + chunkLength);
    if (isHighSurrogate(text.charCodeAt(end - 1)) && end < text.length) end++;
    yield Buffer.from(text.slice(start, end), 'utf8');
    start = end;
  }
}

/** Without a chunk: the end, at which nothing may be left over. */
function decodePiece(decoder: TextDecoder, chunk: Uint8Array | undefined): string {
  try {
    return chunk === undefined ? decoder.decode() : decoder.decode(chunk, { stream: true });
  } catch (failure) {
    if (failure instanceof TypeError) throw new FileRefusal('EILSEQ');
    throw failure;
  }
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
