// The administrator's first key: configured, or made at the first start. It is in no list, and no request changes it: with it
// everything else can be set right again.
import { newId } from '../foundation/id.ts';
import { StartError } from '../foundation/start-error.ts';
import { hashOf, newKeyText } from './key-text.ts';

/** Where the hash of the key made at first start is kept. */
export type FactStore = {
  readFact(name: string): Promise<string | null>;
  writeFact(name: string, value: string): Promise<void>;
  durable(): Promise<void>;
};

/** `hash` is the SHA-256 of its whole text. */
export type BootstrapKey = { readonly keyId: string; readonly hash: Buffer };

export type OpenedBootstrapKey = {
  readonly key: BootstrapKey;
  /** A key that was just made: to be printed now, since nobody can learn it later. */
  readonly created: string | null;
};

const factName = 'apiKey';

/**
 * The configured key, else the stored one, else a new one where `mayCreate` allows it. A configured key takes the place of the stored
 * one. Throws StartError when there would be no key.
 */
export async function openBootstrapKey(options: {
  readonly configured: string | undefined;
  readonly facts: FactStore;
  readonly mayCreate: boolean;
}): Promise<OpenedBootstrapKey> {
  const { configured, facts, mayCreate } = options;
  if (configured !== undefined) {
    return { key: { keyId: 'key-configured', hash: hashOf(configured) }, created: null };
  }
  const stored = await facts.readFact(factName);
  if (stored !== null) {
    const { keyId, hash } = JSON.parse(stored);
    return { key: { keyId, hash: Buffer.from(hash, 'hex') }, created: null };
  }
  if (!mayCreate) {
    throw new StartError(
      'Listening on an address that others can reach needs an API key: set CELLAR_API_KEY, or listen on 127.0.0.1.',
    );
  }
  const { text } = newKeyText();
  const key = { keyId: newId('key'), hash: hashOf(text) };
  await facts.writeFact(
    factName,
    JSON.stringify({ keyId: key.keyId, hash: key.hash.toString('hex') }),
  );
  await facts.durable();
  return { key, created: text };
}
