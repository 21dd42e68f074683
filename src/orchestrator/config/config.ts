// Every setting of the service in one table: type, bounds, default and meaning. `load-config.ts` reads by it and
// `docs/reference/configuration.md` is written from it.
import { type Static, Type } from 'typebox';
import { limits } from '#protocol';
import { logLevels } from '../foundation/log.ts';
import { admissionSettings } from './admission-settings.ts';
import { connectionSettings } from './connection-settings.ts';
import { egressSettings } from './egress-settings.ts';
import { metricsSettings } from './metrics-settings.ts';
import {
  bytes,
  count,
  GiB,
  hourMs,
  idle,
  KiB,
  list,
  MiB,
  milliseconds,
  minuteMs,
  secondMs,
  share,
  text,
} from './setting-types.ts';
import { signOnSettings } from './sign-on-settings.ts';
import { tlsSettings } from './tls-settings.ts';
import { tracingSettings } from './tracing-settings.ts';

export const settings = {
  host: text('127.0.0.1', 'Address to listen on. Any other than a loopback one needs an API key.'),
  port: count(8080, [0, 65_535], 'Port to listen on; 0 takes a free one.'),
  dataDir: text(
    './data',
    'Directory of everything that is kept. One process at a time may use it.',
  ),
  apiKey: Type.Optional(
    Type.String({
      minLength: 32,
      maxLength: 256,
      pattern: '^[!-~]+$',
      description:
        'The administrator’s API key: at least 32 printable characters without spaces. Without it one is made at the first start and printed once.',
    }),
  ),
  ...signOnSettings,
  tenantsMax: count(1000, [1, 10_000], 'Tenants.'),
  keysPerTenantMax: count(
    200,
    [1, 10_000],
    'API keys of one tenant. Those that have ended count only where there is room for them.',
  ),
  auditRecordsMax: count(
    10_000_000,
    [1000, 1_000_000_000],
    'Records of the audit log that are kept, half a kilobyte each; past it the oldest go.',
  ),
  auditDays: count(400, [1, 36_500], 'How long a record of the audit log is kept, days.'),
  logLevel: Type.Enum(logLevels, {
    default: 'info',
    description: 'Least severe kind of log line to write.',
  }),
  allowedHosts: list(
    'Host names, beside the loopback ones, under which the service may be addressed: `cellar.example.org`.',
  ),
  allowedOrigins: list(
    'Origins of other sites’ pages that may open a live connection: `https://example.org`.',
  ),

  ...tlsSettings,

  dockerHost: text(
    'unix:///var/run/docker.sock',
    'Address of the container engine: `unix://…` or `tcp://…`.',
  ),
  sandboxImage: text('cellar-sandbox:latest', 'Image that sandboxes are made from.'),
  runtime: text(
    'runc',
    'Container runtime by the engine’s name for it: `runc`, `runsc`, `kata` and so on, or `auto` for the strongest one under which a sandbox can be started. One that is not there, or does not work, is the end of the start, never replaced by another.',
  ),
  engineFlaws: Type.Enum(['warn', 'refuse'], {
    default: 'warn',
    description:
      'What known flaws of the container engine lead to: a line in the log for each, or the end of the start.',
  }),
  uidFirst: count(
    200_000,
    [1000, 2 ** 31],
    'First of the host user ids that sandboxes run under, each under its own.',
  ),
  uidCount: count(65_536, [1, 2 ** 31], 'How many such ids there are.'),
  poolMin: count(
    2,
    [0, 10_000],
    'Sandboxes that are started before anybody wants one, so that new sessions need not wait for them; 0 starts none.',
  ),
  poolMax: count(
    16,
    [0, 10_000],
    'As many wait where sessions come often. Each takes about 30 MB of memory.',
  ),
  poolStartsAtOnceMax: count(
    2,
    [1, 64],
    'Waiting sandboxes that are started at once. Those that a session waits for go first.',
  ),
  poolAgeMsMax: milliseconds(
    hourMs,
    [minuteMs, 30 * 24 * hourMs],
    'Age at which a waiting sandbox is replaced.',
  ),
  sandboxStartMsMax: milliseconds(
    30 * secondMs,
    [secondMs, 10 * minuteMs],
    'From asking the engine for a container to a connected agent.',
  ),
  linkLossMsMax: milliseconds(
    10 * secondMs,
    [secondMs, 10 * minuteMs],
    'How long an agent may be out of reach before its sandbox counts as lost.',
  ),
  reconcileIntervalMs: milliseconds(
    30 * secondMs,
    [secondMs, hourMs],
    'Between two searches for containers that no session knows.',
  ),
  orphanGraceMs: milliseconds(
    minuteMs,
    [0, hourMs],
    'Age below which such a container is left alone.',
  ),

  sessionsMax: count(
    1000,
    [1, 1_000_000],
    'Sessions of all tenants that have a sandbox. Those that sleep do not count until they are used again.',
  ),
  sessionsStoredMax: count(
    100_000,
    [1, 100_000_000],
    'Sessions of all tenants, those that sleep included.',
  ),
  ...admissionSettings,
  ...egressSettings,
  historyLengthMax: count(
    1000,
    [1, 100_000],
    'Ended executions kept per session, with their output and live events.',
  ),
  historyBytesMax: bytes(
    64 * MiB,
    [MiB, 1024 * GiB],
    'What the kept executions of a session may take together, with their output; the oldest go first.',
  ),
  snapshotStore: Type.Enum(['directory', 's3'], {
    default: 'directory',
    description:
      'Where snapshots are kept: in the data directory, or in a bucket of S3 or of what speaks its protocol.',
  }),
  s3Bucket: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$',
      description:
        'The bucket; it must be there. Credentials come from the standard places: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, a profile, the role of the machine.',
    }),
  ),
  s3Prefix: Type.String({
    default: '',
    maxLength: 512,
    pattern: '^([A-Za-z0-9!_.*()-]+/)*$',
    description:
      'What the names of all objects begin with: nothing, or folders like `cellar/`. Each instance needs its own.',
  }),
  s3Region: Type.Optional(
    Type.String({
      pattern: '^[A-Za-z0-9-]{1,64}$',
      description: 'The region of the bucket; else the one that the standard places name.',
    }),
  ),
  s3Endpoint: Type.Optional(
    Type.String({
      // SECURITY: no user and password, which would be printed with it.
      pattern: '^https?://[A-Za-z0-9.:[\\]-]+/?$',
      description: 'Address of a storage other than Amazon’s: `https://s3.example.org`.',
    }),
  ),
  s3ForcePathStyle: Type.Boolean({
    default: false,
    description:
      'Names the bucket in the path of requests, not in the host name. Most storages other than Amazon’s want that.',
  }),
  s3RequestMsMax: milliseconds(
    30 * secondMs,
    [100, 10 * minuteMs],
    'How long one try of a request to the bucket may take; eight MiB must go through in that time.',
  ),
  snapshotBytesMax: bytes(4 * GiB, [MiB, 1024 * GiB], 'The largest snapshot, before compression.'),
  snapshotsPerSessionMax: count(
    2000,
    [1, 1_000_000],
    'Snapshots of one session, those too that somebody asked for. Past it none is taken but that of a session that goes to sleep; nothing is removed.',
  ),
  snapshotTenantBytesMax: bytes(
    64 * GiB,
    [MiB, 1024 * 1024 * GiB],
    'What the snapshots of one tenant may take in the store, compressed and with what they have in common counted once. Past it nothing is stored for this tenant; nothing is removed.',
  ),
  importTrialsMax: count(
    2,
    [1, 1000],
    'Imported archives that are tried out at a time, each in a sandbox of its own; others wait.',
  ),
  archiveDownloadsMax: count(16, [1, 10_000], 'Archives that are downloaded at a time.'),
  diskReserveBytes: bytes(
    256 * MiB,
    [0, 1024 * GiB],
    'Free space on the disk below which no snapshot is stored in the data directory.',
  ),
  snapshotCleaningMs: milliseconds(
    10 * minuteMs,
    [secondMs, 24 * hourMs],
    'Between two searches for space that removed snapshots took.',
  ),
  snapshotMsMax: milliseconds(
    5 * minuteMs,
    [secondMs, hourMs],
    'How long a snapshot that nobody waits for may take.',
  ),
  unresponsiveMsMax: milliseconds(
    5 * secondMs,
    [100, 10 * minuteMs],
    'How long past its time limit an execution may fail to end before its sandbox is given up.',
  ),
  heapShare: Type.Number({
    default: 0.4,
    minimum: 0.1,
    maximum: 0.9,
    description:
      'Share of a sandbox’s memory that a program’s values may take; files in the workspace count as memory too.',
  }),

  timeoutMs: milliseconds(
    5 * secondMs,
    [1, limits.executionMsMax],
    'Time limit of an execution where neither it nor its session sets one.',
  ),
  timeoutMsMax: milliseconds(
    hourMs,
    [1, limits.executionMsMax],
    'Longest time limit that can be asked for.',
  ),
  memoryBytes: bytes(
    256 * MiB,
    [64 * MiB, 1024 * GiB],
    'Memory of a session that does not ask for another amount.',
  ),
  memoryBytesMax: bytes(4 * GiB, [64 * MiB, 1024 * GiB], 'Most memory that can be asked for.'),
  cpus: share(1, 'Processors of a session that does not ask for another number.'),
  cpusMax: share(4, 'Most processors that can be asked for.'),
  pids: count(
    64,
    [16, 32_768],
    'Processes and threads of a session that does not ask for another number.',
  ),
  pidsMax: count(512, [16, 32_768], 'Most processes and threads that can be asked for.'),
  workspaceBytes: bytes(
    64 * MiB,
    [MiB, 1024 * GiB],
    'Size of a session’s workspace where it does not ask for another.',
  ),
  workspaceBytesMax: bytes(GiB, [MiB, 1024 * GiB], 'Largest workspace that can be asked for.'),
  outputBytes: bytes(
    MiB,
    [KiB, GiB],
    'Output kept of one execution where its session does not ask for another amount; the rest is dropped and the execution says so.',
  ),
  outputBytesMax: bytes(16 * MiB, [KiB, GiB], 'Most output that can be asked for.'),

  persistence: Type.Enum(['none', 'hibernate', 'interval', 'execution'], {
    default: 'none',
    description:
      'When the state of a session is stored that does not ask for another policy: `none` when somebody asks, `hibernate` the same, `interval` some time after something ran, `execution` after every execution.',
  }),
  persistenceIntervalMs: milliseconds(
    minuteMs,
    [secondMs, 3650 * 24 * hourMs],
    'That time under the policy `interval`, where the session does not ask for another.',
  ),
  persistenceKeep: count(
    10,
    [1, 1000],
    'Versions kept per session of those that nobody asked for, where the session does not ask for another number.',
  ),
  pauseAfterMs: idle('frozen; the next request goes on with it'),
  hibernateAfterMs: idle('stored and its container goes; the next request brings it back'),
  expireAfterMs: idle('deleted, with its snapshots'),

  bodyBytesMax: bytes(MiB, [KiB, limits.lineBytesMax], 'Largest request body.'),
  ...connectionSettings,
  idempotencyMs: milliseconds(
    24 * hourMs,
    [minuteMs, 30 * 24 * hourMs],
    'How long an idempotency key is remembered.',
  ),
  drainMsMax: milliseconds(
    20 * secondMs,
    [0, hourMs],
    'How long requests may go on after the service was told to stop.',
  ),

  ...metricsSettings,
  ...tracingSettings,
};

export const Config = Type.Object(settings, { additionalProperties: false });
export type Config = Readonly<Static<typeof Config>>;
export type SettingName = keyof Config;

export const settingNames = Object.keys(settings) as SettingName[];

/** What the table says about a setting beside its type. */
export type SettingFacts = {
  readonly description: string;
  readonly default?: unknown;
  readonly unit?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
};

export function factsOf(name: SettingName): SettingFacts {
  return settings[name] as object as SettingFacts;
}

/** The environment variable of a setting: `memoryBytesMax` is `CELLAR_MEMORY_BYTES_MAX`. */
export function variableOf(name: SettingName): string {
  // The one that every Docker tool knows.
  if (name === 'dockerHost') return 'DOCKER_HOST';
  return `CELLAR_${name.replaceAll(/[A-Z]/g, '_$&').toUpperCase()}`;
}

/** Pairs of which the first may not be greater than the second. */
export const orderedSettings = [
  ['sessionsMax', 'sessionsStoredMax'],
  ['timeoutMs', 'timeoutMsMax'],
  ['memoryBytes', 'memoryBytesMax'],
  ['cpus', 'cpusMax'],
  ['pids', 'pidsMax'],
  ['workspaceBytes', 'workspaceBytesMax'],
  ['outputBytes', 'outputBytesMax'],
  ['poolMin', 'poolMax'],
  ['loginIdleMsMax', 'loginMsMax'],
  ['usageSessionDays', 'usageDays'],
] as const satisfies readonly (readonly [SettingName, SettingName])[];

/** The first one needs the second one. */
export const pairedSettings = [
  ['tlsCertFile', 'tlsKeyFile'],
  ['tlsKeyFile', 'tlsCertFile'],
] as const satisfies readonly (readonly [SettingName, SettingName])[];
