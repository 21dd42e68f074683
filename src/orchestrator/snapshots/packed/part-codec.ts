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

/** What to store for it: as many bytes as the part has means it is stored as it is. */
export async function encodePart(part: Buffer): Promise<Buffer> {
  const options = {
    params: parameters,
    // With tables no larger than a part needs: making larger ones takes longer than the compression.
    pledgedSrcSize: part.length,
    chunkSize: outputBytes(part.length),
  };
  const compressed =
    part.length < pooledBytesMin ? zstdCompressSync(part, options) : await compress(part, options);
  return compressed.length < part.length ? compressed : part;
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
