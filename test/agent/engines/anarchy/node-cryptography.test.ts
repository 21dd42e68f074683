import { createDecipheriv, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nodeCryptography } from '../../../../src/agent/engines/anarchy/node-cryptography.ts';

const { encrypt, decrypt } = nodeCryptography;

describe('an encrypted text', () => {
  it('is nonce, tag and data of AES-256-GCM under the SHA-256 of the key', () => {
    const bytes = Buffer.from(encrypt('Grüße', 'key'), 'base64');
    const key = createHash('sha256').update('key').digest();
    const opening = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12));
    opening.setAuthTag(bytes.subarray(12, 28));
    const data = Buffer.concat([opening.update(bytes.subarray(28)), opening.final()]);
    expect(data.toString('utf8')).toBe('Grüße');
  });

  it('never has the nonce of another one', () => {
    const nonces = Array.from({ length: 100 }, () => encrypt('same', 'key').slice(0, 16));
    expect(new Set(nonces).size).toBe(100);
  });

  it('opens with its key only, and not with any bit changed', () => {
    const sealed = Buffer.from(encrypt('text', 'key'), 'base64');
    expect(decrypt(sealed.toString('base64'), 'key')).toBe('text');
    expect(decrypt(sealed.toString('base64'), 'kez')).toBe(null);
    for (let at = 0; at < sealed.length; at++) {
      const changed = Buffer.from(sealed);
      changed[at]! ^= 1;
      expect(decrypt(changed.toString('base64'), 'key'), `byte ${at}`).toBe(null);
      expect(decrypt(sealed.subarray(0, at).toString('base64'), 'key'), `cut ${at}`).toBe(null);
    }
  });
});

describe('base64', () => {
  it('is read strictly', () => {
    expect(nodeCryptography.decodeBase64('YWJj')).toBe('abc');
    for (const text of ['Y', 'YQ=', 'YQ===', 'Y=Q=', 'YQ==\n', 'YW_j']) {
      expect(nodeCryptography.decodeBase64(text), text).toBe(null);
    }
  });

  it('of what is no UTF-8 is no text', () => {
    expect(nodeCryptography.decodeBase64(Buffer.from([0xff]).toString('base64'))).toBe(null);
    expect(nodeCryptography.decodeBase64(Buffer.from('\ufeffx').toString('base64'))).toBe(
      '\ufeffx',
    );
  });
});
