// The language's cryptography, by Node's own. Nothing here is a secret of the service: keys and texts are the program's.
import {
  createCipheriv,
  createDecipheriv,
  createHash,
  hash,
  randomBytes,
  randomUUID,
} from 'node:crypto';
import type { Cryptography } from '#language';

const cipher = 'aes-256-gcm';
const nonceBytes = 12;
const tagBytes = 16;
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

export const nodeCryptography: Cryptography = {
  hash: (algorithm, text) => hash(algorithm, text, 'hex'),

  encrypt: (text, key) => {
    // SECURITY: a nonce must never come twice under one key; 96 random bits do not, within what sessions encrypt.
    const nonce = randomBytes(nonceBytes);
    const sealing = createCipheriv(cipher, cipherKey(key), nonce, { authTagLength: tagBytes });
    const data = Buffer.concat([sealing.update(text, 'utf8'), sealing.final()]);
    return Buffer.concat([nonce, sealing.getAuthTag(), data]).toString('base64');
  },

  decrypt: (sealed, key) => {
    const bytes = bytesOf(sealed);
    if (bytes === null || bytes.length < nonceBytes + tagBytes) return null;
    const nonce = bytes.subarray(0, nonceBytes);
    const tag = bytes.subarray(nonceBytes, nonceBytes + tagBytes);
    const opening = createDecipheriv(cipher, cipherKey(key), nonce, { authTagLength: tagBytes });
    opening.setAuthTag(tag);
    const opened = opening.update(bytes.subarray(nonceBytes + tagBytes));
    try {
      opening.final();
    } catch {
      return null;
    }
    return textOf(opened);
  },

  uuid: () => randomUUID(),

  encodeBase64: (text) => Buffer.from(text, 'utf8').toString('base64'),

  decodeBase64: (encoded) => {
    const bytes = bytesOf(encoded);
    return bytes === null ? null : textOf(bytes);
  },
};

function cipherKey(key: string): Buffer {
  return createHash('sha256').update(key, 'utf8').digest();
}

/** The bytes of base64 with or without its padding; Node alone would skip what it cannot read. */
function bytesOf(encoded: string): Buffer | null {
  if (!base64.test(encoded)) return null;
  const digits = encoded.replace(/=+$/, '');
  const isPadded = digits.length < encoded.length;
  if (digits.length % 4 === 1 || (isPadded && encoded.length % 4 !== 0)) return null;
  return Buffer.from(digits, 'base64');
}

/** Null for bytes that are no UTF-8. */
function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
