// The only door outward. The language zone is pure: everything that touches the world comes in through this interface.
// All calls are synchronous: the engine runs in its own thread and may be blocked there. What fails for a reason that a program
// may know throws HostFailure (host-failure.ts).

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
  /**
   * One line without its end, or null when there is none or no channel. Blocks; a stop reason ends the wait. The prompt has
   * been written; it is told again for those who show a field of their own for the answer.
   */
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
  /** What attributes ask for (SPEC 6.7). Another set when it changes. */
  readonly features: ReadonlySet<string>;
  /** Bytes that one value (a string, an array's store) may take; built-ins ask before they allocate. */
  readonly valueBytesMax: number;
  /** The session's files; null where it has no access to any. */
  readonly files: Files | null;
  /** Null where the session may reach nobody. */
  readonly network: Network | null;
}

/** How long work is paid for while it goes on. Both may throw: pass it on, and leave nothing open. */
export interface Meter {
  /** Counts that many steps of work. */
  step(steps: number): void;
  /** Asks for room for one value of the program before it is made. */
  allocate(bytes: number): void;
}

export type FileStatus = {
  /** `other`: a device, a socket, a pipe; nothing reads or writes those. */
  readonly kind: 'file' | 'directory' | 'other';
  readonly bytes: number;
  /** Milliseconds since 1970, whole. */
  readonly modifiedMs: number;
};

/**
 * Paths are the program's: text with `/` between names, relative to the session's file root, symbolic links followed where
 * they stay inside. The implementation keeps them inside; the language never sees a path of the machine. All calls throw
 * HostFailure: PermissionError for a path that leads outside, IOError for everything else.
 */
export interface Files {
  /** The text of a file. IOError if its bytes are not UTF-8. */
  read(path: string, meter: Meter): string;
  /** Makes the file or replaces its content; or appends to it. Its directory must be there. */
  write(path: string, text: string, mode: 'replace' | 'append', meter: Meter): void;
  /** null where there is nothing. */
  status(path: string): FileStatus | null;
  /** The names in a directory, in no order. */
  list(path: string, meter: Meter): string[];
  /** With all its parents; nothing happens if it is there. */
  makeDirectory(path: string, meter: Meter): void;
  /** A file, a link, or a directory with all that it contains. */
  remove(path: string, meter: Meter): void;
  /** One file; replaces a file at the target. */
  copy(source: string, target: string, meter: Meter): void;
  /** As `copy`, and the source is gone. */
  move(source: string, target: string): void;
  /** Lower-case hex digest of a file's bytes. */
  digest(path: string, algorithm: HashAlgorithm, meter: Meter): string;
}

export type NetworkRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As the program wrote it, but surely one of http or https. */
  readonly url: string;
  /** Names in lower case, each once; neither names nor values can end a line. */
  readonly headers: ReadonlyMap<string, string>;
  /** To be sent as UTF-8; null for none. */
  readonly body: string | null;
  /** null: as long as the implementation allows. */
  readonly timeoutMs: number | null;
};

export type NetworkResponse = {
  readonly status: number;
  /** Names in lower case, in the order of arrival. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

export interface Network {
  /**
   * Sends a request and waits for all of the response; a stop reason ends the wait. Throws HostFailure: NetworkError where
   * there is no response or the host must not be asked.
   */
  request(request: NetworkRequest, meter: Meter): NetworkResponse | StopReason;
}
