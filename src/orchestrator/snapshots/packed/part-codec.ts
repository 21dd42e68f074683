// A part as it is stored: compressed when that makes it smaller, else as it is. The work is done in the thread
// pool, unless it is so little that the way there takes longer.
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import {
  constants,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** The fastest level: what takes longer than writing the bytes does not pay. */
const parameters = { [constants.ZSTD_c_compressionLevel]: 1 };

/** Parts below this are done at once: measured, the thread pool takes 0.3 ms for each, the work itself a tenth of that. */
const pooledBytesMin = 32 * 1024;

/** The name of a part: SHA-256, hexadecimal. SECURITY: the content is hostile, so nothing weaker will do. */
export function partDigest(part: Buffer): string {
  return hash('sha256', part, 'hex');
}

/** Parts in a row that are stored as they are because the one before them could not be compressed; then one is tried again. */
const untriedMax = 7;

/**
 * Compresses the parts of one content. Most content that cannot be compressed comes in long stretches; trying each part of it
 * would take as long as everything else.
 */
export class PartEncoder {
  #untriedLeft = 0;

  /** What to store for it: as many bytes as the part has means it is stored as it is. */
  async encode(part: Buffer): Promise<Buffer> {
    if (this.#untriedLeft > 0 && looksRandom(part)) {
      this.#untriedLeft--;
      return part;
    }
    const compressed = await compressPart(part);
    const isSmaller = compressed.length < part.length;
    this.#untriedLeft = isSmaller ? 0 : untriedMax;
    return isSmaller ? compressed : part;
  }
}

async function compressPart(part: Buffer): Promise<Buffer> {
  const options = {
    params: parameters,
    // With tables no larger than a part needs: making larger ones takes longer than the compression.
    pledgedSrcSize: part.length,
    chunkSize: outputBytes(part.length),
  };
  return part.length < pooledBytesMin ? zstdCompressSync(part, options) : compress(part, options);
}

const samples = 2048;
/** Of random bytes: the sum of the squares of how often each value is among the samples, and a tenth more. */
const squaresMax = (samples + samples ** 2 / 256) * 1.1;

/** Whether its bytes have all values about equally often. */
function looksRandom(part: Buffer): boolean {
  if (part.length < samples) return false;
  const counts = new Uint16Array(256);
  const step = part.length / samples;
  let squares = 0;
  // One more of a value that was there n times adds 2n + 1 to the sum.
  for (let i = 0; i < samples; i++) squares += 2 * counts[part[Math.floor(i * step)]!]!++ + 1;
  return squares < squaresMax;
}

/** The part again; null when what was stored is damaged. */
export async function decodePart(
  stored: Buffer,
  expected: { readonly digest: string; readonly sizeBytes: number },
): Promise<Buffer | null> {
  const part = stored.length < expected.sizeBytes ? await inflate(stored, expected) : stored;
  return part !== null && partDigest(part) === expected.digest ? part : null;
}

async function inflate(stored: Buffer, { sizeBytes }: { sizeBytes: number }) {
  // SECURITY: a damaged part may claim to be of any size.
  const options = { maxOutputLength: sizeBytes, chunkSize: outputBytes(sizeBytes) };
  try {
    return sizeBytes < pooledBytesMin
      ? zstdDecompressSync(stored, options)
      : await decompress(stored, options);
  } catch {
    return null;
  }
}

/** So that whatever comes out fits into one buffer, and a byte is left: zlib would take a second one at once. */
function outputBytes(sizeBytes: number): number {
  return sizeBytes + (sizeBytes >> 8) + 64;
}
