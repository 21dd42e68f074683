// What a program asks of another host, and what comes back, as the engine's two threads tell each other.

export type OutgoingRequest = {
  readonly method: string;
  /** As the program wrote it. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string | null;
  /** Of the whole, redirects included; null: as long as anybody waits. */
  readonly timeoutMs: number | null;
  /** The largest body that the program could hold. */
  readonly bodyBytesMax: number;
};

export type IncomingResponse = {
  readonly status: number;
  /** Names in lower case, in the order of arrival. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
};

/** Why there is no response. `message` is for the program. */
export class RequestFailure extends Error {}

/** The response is larger than the program could hold. */
export class ResponseTooLarge extends Error {}
