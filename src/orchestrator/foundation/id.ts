// Identifiers: a short kind and 128 random bits, so that one cannot be guessed and its kind is seen in a log.
import { randomFillSync } from 'node:crypto';

export type IdKind = 'ses' | 'exec' | 'sbx' | 'key' | 'login' | 'req' | 'inst' | 'snap';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `kind-` and 26 characters of Crockford's base 32 in lower case; the first carries three bits, each other five. */
export function newId(kind: IdKind): string {
  let text = alphabet[randomByte() & 7]!;
  for (let i = 1; i < 26; i++) text += alphabet[randomByte() & 31];
  return `${kind}-${text}`;
}

// One call into the system's generator for many ids; a byte is used once.
const pool = Buffer.alloc(26 * 64);
let poolOffset = pool.length;

function randomByte(): number {
  if (poolOffset === pool.length) {
    randomFillSync(pool);
    poolOffset = 0;
  }
  return pool[poolOffset++]!;
}
