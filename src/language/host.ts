// The only door outward. The language zone is pure: everything that touches the world comes in through this interface.
// All calls are synchronous: the engine runs in its own thread and may be blocked there.

/** Why a running program must stop now. It cannot catch any of them, and `finally` is skipped (SPEC 5.4). */
export type StopReason =
  | { readonly type: 'CancelledError'; readonly message: string }
  | { readonly type: 'TimeoutError'; readonly message: string }
  | { readonly type: 'ResourceLimitError'; readonly message: string };

export const hashAlgorithms = ['sha256', 'sha1', 'sha512', 'md5'] as const;
export type HashAlgorithm = (typeof hashAlgorithms)[number];

/** Hashes, secrets and chance, of texts as their UTF-8 bytes; half of a surrogate pair counts as U+FFFD. */
export interface Cryptography {
  /** In lower-case hexadecimal digits. */
  hash(algorithm: HashAlgorithm, text: string): string;
  /** AES-256-GCM under the SHA-256 of the key's text: nonce, tag and data, in base64. */
  encrypt(text: string, key: string): string;
  /** The inverse; null where the key is another one or the data was not made by `encrypt`, or is changed. */
  decrypt(sealed: string, key: string): string | null;
  /** A random UUID of version 4. */
  uuid(): string;
  /** Standard alphabet, with padding. */
  encodeBase64(text: string): string;
  /** The inverse, also without padding; null for what is not base64, or not of UTF-8. */
  decodeBase64(encoded: string): string | null;
}

export interface Host {
  /**
   * Called every few thousand steps of a running program and inside every long built-in. Flushes output, answers
   * questions that came in meanwhile, and says whether the program must stop. Costs up to some microseconds.
   */
  poll(): StopReason | null;
  /** Appends to a channel; blocks while the reader is behind (back pressure). */
  write(channel: 'stdout' | 'stderr' | 'display', text: string): void;
  /** One line without its end, or null when there is none or no channel. Blocks; a stop reason ends the wait. */
  readLine(prompt: string): string | null | StopReason;
  /** Waits that many milliseconds; a stop reason ends the wait early. */
  sleep(ms: number): StopReason | null;
  /** Progress of a long computation, for whoever watches. */
  progress(value: number, of: number | null): void;
  /** Milliseconds since 1970. */
  now(): number;
  /** A 32-bit seed from the system's entropy. */
  randomSeed(): number;
  readonly cryptography: Cryptography;
  /** The session's environment map. */
  readonly environment: ReadonlyMap<string, string>;
  /** Bytes that one value (a string, an array's store) may take; built-ins ask before they allocate. */
  readonly valueBytesMax: number;
}
