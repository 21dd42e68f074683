// Archives that are small on the wire and large inside, compressed as they are made.
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { collect, tarOf } from './archives.ts';

const MiB = 1024 * 1024;
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

export async function compressed(content: AsyncIterable<Buffer>): Promise<Buffer> {
  const compress = createZstdCompress(fastest);
  const [bytes] = await Promise.all([
    collect(compress),
    pipeline(Readable.from(content), compress),
  ]);
  return bytes;
}

/** A file of nothing but zeros, behind what comes before it. */
export async function* zeros(before: Buffer, sizeBytes: number): AsyncGenerator<Buffer> {
  yield before;
  yield headerOf('workspace/zeros', sizeBytes);
  const piece = Buffer.alloc(4 * MiB);
  for (let left = sizeBytes; left > 0; left -= piece.length)
    yield left < piece.length ? piece.subarray(0, left) : piece;
}

/** Very many files without content, behind what comes before them. */
export async function* emptyFiles(before: Buffer, count: number): AsyncGenerator<Buffer> {
  yield before;
  for (let first = 0; first < count; first += 10_000) {
    const headers: Buffer[] = [];
    for (let i = first; i < Math.min(count, first + 10_000); i++)
      headers.push(headerOf(`workspace/${i}`, 0));
    yield Buffer.concat(headers);
  }
}

/** The beginning of an archive: these entries and no end. */
export async function beginningOf(entries: Parameters<typeof tarOf>[0]): Promise<Buffer> {
  const whole = await tarOf(entries);
  return whole.subarray(0, whole.length - 1024);
}

/** The header of a plain file, which promises `sizeBytes` of content. */
export function headerOf(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  // Sizes that eleven octal digits cannot say are said in base 256.
  if (sizeBytes < 8 ** 11) header.write(sizeBytes.toString(8).padStart(11, '0'), 124);
  else {
    header[124] = 0x80;
    header.writeUIntBE(sizeBytes, 130, 6);
  }
  header.write('00000000000', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}
