// How an API key is written: `cellar_<prefix>_<secret><checksum>`. The prefix finds the key and is no secret; the secret is
// 43 characters of 62, which is 256 random bits; the checksum is over all before it. So a slip is told from a wrong key
// without asking anybody, and a scanner that looks for leaked keys finds few other things.
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const lowerDigits = '0123456789abcdefghijklmnopqrstuvwxyz';
const prefixLength = 12;
const secretLength = 43;
const checksumLength = 6;

const shape = new RegExp(
  `^(cellar_([0-9a-z]{${prefixLength}})_([0-9A-Za-z]{${secretLength}}))([0-9A-Za-z]{${checksumLength}})$`,
);

export type KeyParts = { readonly prefix: string; readonly secret: string };

/** A new key: its text, to be shown once, and what it is known by. */
export function newKeyText(): KeyParts & { readonly text: string } {
  const prefix = randomText(lowerDigits, prefixLength);
  const secret = randomText(digits, secretLength);
  const body = `cellar_${prefix}_${secret}`;
  return { prefix, secret, text: body + checksumOf(body) };
}

/** The parts of what looks like a key of ours; null when it does not, or its checksum is wrong. */
export function parseKey(text: string): KeyParts | null {
  const [, body, prefix, secret, checksum] = shape.exec(text) ?? [];
  if (body === undefined || prefix === undefined || secret === undefined) return null;
  return checksum === checksumOf(body) ? { prefix, secret } : null;
}

/** It begins like a key of ours and cannot be one: a slip, or a part of one. */
export function isMistyped(text: string): boolean {
  return /^cellar_[0-9a-z]{12}_/.test(text) && parseKey(text) === null;
}

/**
 * What is kept of a secret. One round of SHA-256 is right for 256 random bits: they cannot be guessed from it however fast it is, and a
 * slow password hash would only slow every request.
 */
export function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}

/** CRC-32 in six digits of 62. */
function checksumOf(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let i = 0; i < checksumLength; i++) {
    text = digits[rest % digits.length]! + text;
    rest = Math.floor(rest / digits.length);
  }
  return text;
}

/** Each digit as likely as any other: bytes past the last whole multiple are thrown away. */
function randomText(alphabet: string, length: number): string {
  const bound = 256 - (256 % alphabet.length);
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length)) {
      if (byte < bound && text.length < length) text += alphabet[byte % alphabet.length]!;
    }
  }
  return text;
}
