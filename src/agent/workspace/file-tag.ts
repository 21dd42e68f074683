// What tells one content of a file from every other: a digest of it, so that it is the same in every container that has the file.
import { createHash } from 'node:crypto';
import { type BigIntStats, fstatSync, read } from 'node:fs';
import { promisify } from 'node:util';

const readAt = promisify(read);
const chunkBytes = 256 * 1024;
const attemptsMax = 3;
const rememberedMax = 256;
/** A file may change again without another time within the ticks of the kernel's clock, and these are shorter by far. */
const restMs = 1000;

/** Tags by the files' identities, for those that have rested: who asks again need not wait for the content to be read. */
const remembered = new Map<string, string>();

/** Another one whenever anything of the file has changed, here: in another container the same file has another one. */
export function identityOf({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [ino, size, mtimeNs, ctimeNs].map((part) => part.toString(36)).join('-');
}

/** Of bytes as they come. */
export class ContentTag {
  readonly #hash = createHash('sha256');

  add(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Nothing can be added after it. */
  end(): string {
    return this.#hash.digest('base64url');
  }
}

/** Of an open file. One that changes whenever it is read has its identity for a tag: no two answers are about the same content. */
export async function tagOf(file: number): Promise<string> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const before = fstatSync(file, { bigint: true });
    const identity = identityOf(before);
    const known = remembered.get(identity);
    if (known !== undefined) return known;
    const tag = await digestOf(file);
    const after = fstatSync(file, { bigint: true });
    if (identityOf(after) !== identity) continue;
    if (Date.now() - Number(after.ctimeNs / 1_000_000n) > restMs) remember(identity, tag);
    return tag;
  }
  return identityOf(fstatSync(file, { bigint: true }));
}

async function digestOf(file: number): Promise<string> {
  const content = new ContentTag();
  const buffer = Buffer.allocUnsafe(chunkBytes);
  for (let position = 0; ; ) {
    const { bytesRead } = await readAt(file, buffer, 0, chunkBytes, position);
    if (bytesRead === 0) return content.end();
    content.add(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}

function remember(identity: string, tag: string): void {
  const [oldest] = remembered.keys();
  if (remembered.size >= rememberedMax && oldest !== undefined) remembered.delete(oldest);
  remembered.set(identity, tag);
}
