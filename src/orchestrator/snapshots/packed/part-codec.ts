// A part as it is stored: compressed when that makes it smaller, else as it is. The work is done in the thread pool.
import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import { constants, zstdCompress, zstdDecompress } from 'node:zlib';

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

/** The fastest level: what takes longer than writing the bytes does not pay. */
const parameters = { [constants.ZSTD_c_compressionLevel]: 1 };

/** The name of a part: SHA-256, hexadecimal. SECURITY: the content is hostile, so nothing weaker will do. */
export function partDigest(part: Buffer): string {
  return hash('sha256', part, 'hex');
}

/** What to store for it: as many bytes as the part has means it is stored as it is. */
export async function encodePart(part: Buffer): Promise<Buffer> {
  const compressed = await compress(part, {
    params: parameters,
    // With tables no larger than a part needs: making larger ones takes longer than the compression.
    pledgedSrcSize: part.length,
    chunkSize: outputBytes(part.length),
  });
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
  try {
    // SECURITY: a damaged part may claim to be of any size.
    return await decompress(stored, {
      maxOutputLength: sizeBytes,
      chunkSize: outputBytes(sizeBytes),
    });
  } catch {
    return null;
  }
}

/** So that whatever comes out fits into one buffer, and a byte is left: zlib would take a second one at once. */
function outputBytes(sizeBytes: number): number {
  return sizeBytes + (sizeBytes >> 8) + 64;
}
