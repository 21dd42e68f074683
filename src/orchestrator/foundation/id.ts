// Identifiers: a short kind and 128 random bits, so that one cannot be guessed and its kind is seen in a log.
import { randomBytes } from 'node:crypto';

export type IdKind = 'ses' | 'exec' | 'sbx' | 'key' | 'req' | 'inst';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** `kind-` and 26 characters of Crockford's base 32 in lower case. */
export function newId(kind: IdKind): string {
  let bits = BigInt(`0x${randomBytes(16).toString('hex')}`);
  let text = '';
  for (let i = 0; i < 26; i++) {
    text = alphabet[Number(bits & 31n)] + text;
    bits >>= 5n;
  }
  return `${kind}-${text}`;
}
