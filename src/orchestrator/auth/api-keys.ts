// API keys. Only a hash is ever kept: a key that we make carries 256 random bits, so that one round of SHA-256 cannot
// be turned back by guessing, and a slow password hash would only slow every request.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { newId } from '../foundation/id.ts';
import { StartError } from '../foundation/start-error.ts';
import type { Authenticator, Principal } from './authenticator.ts';

/** Where the hash of the key made at first start is kept. */
export type FactStore = {
  readFact(name: string): Promise<string | null>;
  writeFact(name: string, value: string): Promise<void>;
  durable(): Promise<void>;
};

export type OpenedApiKeys = {
  readonly authenticator: Authenticator;
  /** A key that was just made: to be printed now, since nobody can learn it later. */
  readonly created: string | null;
};

type StoredKey = { readonly keyId: string; readonly hash: string };

const factName = 'apiKey';

/**
 * The administrator's key: the configured one, else the stored one, else a new one where `mayCreate` allows it. A
 * configured key takes the place of the stored one. Throws StartError when there would be no key.
 */
export async function openApiKeys(options: {
  readonly configured: string | undefined;
  readonly facts: FactStore;
  readonly mayCreate: boolean;
}): Promise<OpenedApiKeys> {
  const { configured, facts, mayCreate } = options;
  if (configured !== undefined) {
    const key = { keyId: 'key-configured', hash: hashOf(configured).toString('hex') };
    return { authenticator: new ApiKeyAuthenticator([key]), created: null };
  }
  const stored = await facts.readFact(factName);
  if (stored !== null)
    return { authenticator: new ApiKeyAuthenticator([JSON.parse(stored)]), created: null };
  if (!mayCreate) {
    throw new StartError(
      'Listening on an address that others can reach needs an API key: set CELLAR_API_KEY, or listen on 127.0.0.1.',
    );
  }
  const { key, ...record } = createKey();
  await facts.writeFact(factName, JSON.stringify(record));
  await facts.durable();
  return { authenticator: new ApiKeyAuthenticator([record]), created: key };
}

/** Knows keys by their hashes. All of them belong to the administrator of the one tenant there is. */
class ApiKeyAuthenticator implements Authenticator {
  readonly #keys: readonly { readonly keyId: string; readonly hash: Buffer }[];

  constructor(keys: readonly StoredKey[]) {
    this.#keys = keys.map(({ keyId, hash }) => ({ keyId, hash: Buffer.from(hash, 'hex') }));
  }

  authenticate(authorization: string | undefined): Principal | null {
    const presented = authorization?.match(/^Bearer +([!-~]+) *$/i)?.[1];
    if (presented === undefined) return null;
    const hash = hashOf(presented);
    // SECURITY: hashes of equal length in constant time, so that an answer's speed says nothing about the key.
    const key = this.#keys.find((candidate) => timingSafeEqual(candidate.hash, hash));
    return key ? { tenant: 'default', role: 'admin', keyId: key.keyId } : null;
  }
}

/** `cellar_<prefix>_<secret>`: the prefix is part of the id, so that a key that was found somewhere can be told. */
function createKey(): StoredKey & { readonly key: string } {
  const keyId = newId('key');
  const prefix = keyId.slice('key-'.length).slice(0, 8);
  const key = `cellar_${prefix}_${randomBytes(32).toString('base64url')}`;
  return { keyId, hash: hashOf(key).toString('hex'), key };
}

function hashOf(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}
