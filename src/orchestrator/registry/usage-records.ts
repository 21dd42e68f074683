// The rows of the registry that say what tenants and their sessions have used, by hours (UTC).
export const hourMs = 60 * 60 * 1000;

/** What is summed up. */
export type UsageAmounts = {
  readonly cpuSeconds: number;
  readonly memoryByteSeconds: number;
  /** In which there was a sandbox, frozen or not. */
  readonly sandboxSeconds: number;
  readonly networkSentBytes: number;
  readonly networkReceivedBytes: number;
  readonly executions: number;
};

export type UsageOwner = {
  readonly tenant: string;
  /** Empty: the tenant as a whole. */
  readonly sessionId: string;
};

/** `hour` is its beginning, milliseconds since 1970. */
export type UsageHour = UsageOwner & UsageAmounts & { readonly hour: number };

/** What a container had used up to a moment, as it was counted last. */
export type UsageReading = {
  readonly runtimeId: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Since the container began. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
};

/** What has come to a session since it was written last, and how far its containers are counted with that. */
export type UsageChange = UsageOwner & {
  readonly hours: ReadonlyMap<number, UsageAmounts>;
  readonly readings: readonly UsageReading[];
  /** Containers of which nothing more comes. */
  readonly ended: readonly string[];
};

/** In one hour: what was stored up to `at` has come to `byteSeconds`, and from then on it is `bytes`, also in hours that have no step. */
export type StorageStep = {
  readonly hour: number;
  readonly at: number;
  readonly byteSeconds: number;
  readonly bytes: number;
};
