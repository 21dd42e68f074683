// What sessions in tests of the sessions layer are made with: small numbers, so that limits are reached soon.
export const config = {
  timeout: 5000,
  persistence: { policy: 'none' },
  limits: { memoryBytes: 2 ** 28, cpus: 1, pids: 64, workspaceBytes: 2 ** 26, outputBytes: 1000 },
  network: { policy: 'none' },
  env: {},
  labels: {},
  idle: {},
} as const;

/** Of sessions at one time. */
export const admissionLimits = { sessionsMax: 3, sessionsStoredMax: 5 };

const amounts = {
  sandboxes: admissionLimits.sessionsMax,
  memoryBytes: 2 ** 40,
  milliCpus: 2 ** 20,
};
export const serviceBudget = { service: amounts, tenantOf: () => amounts };

export const admissionOptions = {
  startsAtOnceMax: 8,
  waitMsMax: 15_000,
  waitingMax: 100,
  waitingPerTenantMax: 50,
};

export const limits = {
  historyLengthMax: 100,
  historyBytesMax: 100_000,
  sandboxStartMsMax: 5000,
  unresponsiveMsMax: 2000,
  heapShare: 0.5,
  snapshotMsMax: 5000,
  persistenceIntervalMs: 60_000,
  importTrialsMax: 1,
  trial: config.limits,
};
