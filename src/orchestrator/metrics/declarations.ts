// Every metric of the service, declared once: kind, unit, labels and meaning. `docs/reference/metrics.md` is written from it, and what
// is not here cannot be counted. Those of the process itself come from the library, with the same prefix.
import { archiveFaultNames } from '#protocol';
import type { ErrorCode } from '../foundation/errors.ts';
import { auditDeclarations } from './audit-declarations.ts';
import { clientDeclarations } from './client-declarations.ts';
import { counter, type Declaration, gauge, histogram } from './declaration.ts';

/** Why a sandbox does not start, or does not get the state that it should have. */
const startErrors = [
  'deadline_exceeded',
  'internal',
  'overloaded',
  'runtime_unavailable',
  'sandbox_failed',
  'sandbox_lost',
  'shutting_down',
  'snapshot_damaged',
  'snapshot_not_found',
  'snapshot_refused',
  'snapshot_unsupported',
  'storage_failed',
] as const satisfies readonly ErrorCode[];
/** The storage's own first, then what callers ask too much of. */
const storeErrors = [
  'storage_failed',
  'storage_full',
  'internal',
  'snapshot_damaged',
  'snapshot_not_found',
  'snapshot_too_large',
  'tenant_storage_full',
  'deadline_exceeded',
  'sandbox_lost',
] as const satisfies readonly ErrorCode[];

/** Of what a user waits for: a warm create takes about 25 ms, a cold one half a second. */
const startBuckets = [
  0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2.5, 5, 10, 30,
];
/** A short execution takes 2 to 10 ms; the longest time limit is hours. */
const executionBuckets = [
  0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
  3600,
];
/** Of states and storage: some milliseconds for a small one, minutes for one of gigabytes. */
const transferBuckets = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];
/** Of calls within the process and to its disk. */
const callBuckets = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5,
];

/** Series that one tenant each may have; the others are counted together. */
export const tenantsMax = 20;

const tenant = { what: `tenants that use most, ${tenantsMax} at a time`, countMax: tenantsMax };

export const declarations = {
  // --- sessions -----------------------------------------------------------------------------------------------------
  cellar_sessions: gauge('number', 'Sessions that are stored, by their states.', {
    state: ['creating', 'idle', 'busy', 'paused', 'hibernated', 'failed'],
  }),
  cellar_session_create_duration_seconds: histogram(
    'seconds',
    'From a stored new session to its running sandbox: a fresh container (cold), one that waited (warm), or one with a stored state (restore).',
    startBuckets,
    { path: ['cold', 'warm', 'restore'] },
  ),
  cellar_session_create_failures_total: counter(
    'number',
    'New sessions whose sandbox did not start, by the code of the error.',
    { code: startErrors },
  ),
  cellar_session_wake_duration_seconds: histogram(
    'seconds',
    'Until a session that slept, or had no sandbox any more, runs again: thawed (resume), with its stored state (restore), or without one in a fresh (cold) or waiting (warm) container.',
    startBuckets,
    { path: ['resume', 'restore', 'cold', 'warm'] },
  ),
  cellar_session_wake_failures_total: counter(
    'number',
    'Starts of sandboxes for existing sessions that failed, by the code of the error.',
    { code: startErrors },
  ),
  cellar_sandbox_losses_total: counter(
    'number',
    'Sandboxes that were gone, or were given up, while a session had them.',
    { reason: ['exited', 'outOfMemory', 'unreachable', 'protocol', 'unresponsive', 'lost'] },
  ),

  // --- executions ---------------------------------------------------------------------------------------------------
  cellar_executions_queued: gauge('number', 'Executions of all sessions that wait for their turn.'),
  cellar_executions_running: gauge('number', 'Executions that a sandbox is at.'),
  cellar_executions_total: counter(
    'number',
    'Executions that have ended, by how and with which error. What is no error of the language or of the service is `other`.',
    {
      status: ['success', 'error', 'timeout', 'cancelled', 'lost'],
      error: [
        'none',
        'CancelledError',
        'IOError',
        'ImportError',
        'InternalError',
        'NetworkError',
        'PermissionError',
        'RangeError',
        'ReferenceError',
        'ResourceLimitError',
        'SandboxLost',
        'SyntaxError',
        'TimeoutError',
        'TypeError',
        'ZeroDivisionError',
      ],
    },
  ),
  cellar_execution_duration_seconds: histogram(
    'seconds',
    'From handing an execution to its sandbox to its end, measured on the host.',
    executionBuckets,
    { status: ['success', 'error', 'timeout', 'cancelled', 'lost'] },
  ),
  cellar_execution_queue_duration_seconds: histogram(
    'seconds',
    'From accepting an execution to handing it to its sandbox.',
    executionBuckets,
  ),
  cellar_execution_first_output_duration_seconds: histogram(
    'seconds',
    'From accepting an execution to its first output being sent to those who follow it.',
    executionBuckets,
  ),
  cellar_limits_hit_total: counter(
    'number',
    'Limits that programs ran into: memory of their values or of the sandbox, size of the output, time, and starts of processes (pids, from the control groups).',
    { limit: ['memory', 'output', 'time', 'pids'] },
  ),

  // --- state --------------------------------------------------------------------------------------------------------
  cellar_snapshot_duration_seconds: histogram(
    'seconds',
    'Storing the state of a session, by why it was stored.',
    transferBuckets,
    { reason: ['requested', 'execution', 'interval', 'hibernate', 'files', 'restart', 'fork'] },
  ),
  cellar_snapshot_content_bytes_total: counter('bytes', 'Content of the snapshots taken.'),
  cellar_snapshot_stored_bytes_total: counter(
    'bytes',
    'What those snapshots added to the store, compressed and without what was there already.',
  ),
  cellar_restore_duration_seconds: histogram(
    'seconds',
    'Bringing a stored state into a sandbox: all of it, or its files.',
    transferBuckets,
    { part: ['state', 'files'] },
  ),
  cellar_archives_refused_total: counter(
    'number',
    'Archives that were to be imported and were not taken, by what is wrong with them.',
    { reason: archiveFaultNames },
  ),
  cellar_snapshot_store_duration_seconds: histogram(
    'seconds',
    'Calls to the snapshot store; `put` and `open` take as long as the state takes to come and to be taken.',
    transferBuckets,
    { call: ['put', 'open', 'delete', 'list', 'collect', 'check'] },
  ),
  cellar_snapshot_store_errors_total: counter(
    'number',
    'Calls to the snapshot store that failed, by the code of the error; `storage_failed`, `storage_full` and `internal` are the storage’s.',
    { call: ['put', 'open', 'delete', 'list', 'collect', 'check'], code: storeErrors },
  ),
  cellar_registry_duration_seconds: histogram(
    'seconds',
    'Transactions of the registry (commit), and waiting for the disk to have them (sync).',
    callBuckets,
    { call: ['commit', 'sync'] },
  ),
  cellar_registry_errors_total: counter('number', 'Of those calls, the ones that failed.', {
    call: ['commit', 'sync'],
  }),
  cellar_disk_free_bytes: gauge('bytes', 'Free space on the disk of the data directory.'),
  cellar_disk_size_bytes: gauge('bytes', 'Size of that disk.'),

  // --- sandboxes and room -------------------------------------------------------------------------------------------
  cellar_sandboxes: gauge(
    'number',
    'Sandboxes with a running or paused container (live), those that wait for a session included, and sandboxes that are being started.',
    { state: ['live', 'starting'] },
  ),
  cellar_sandbox_start_duration_seconds: histogram(
    'seconds',
    'From the first call to the container engine to the connected agent.',
    startBuckets,
  ),
  cellar_sandbox_start_failures_total: counter('number', 'Containers that did not come up.'),
  cellar_agent_redials_total: counter('number', 'Agents that lost their connection and came back.'),
  cellar_containers: gauge(
    'number',
    'Containers of this instance that the engine lists, as the last look showed: with an owner, or orphaned.',
    { owner: ['known', 'none'] },
  ),
  cellar_orphans_total: counter(
    'number',
    'What was done about containers and directories without an owner.',
    {
      action: ['container_removed', 'container_kept', 'directory_removed'],
    },
  ),
  cellar_pool_sandboxes: gauge('number', 'Sandboxes of the warm pool.', {
    state: ['ready', 'starting'],
  }),
  cellar_pool_wanted_sandboxes: gauge('number', 'Sandboxes that the pool means to have ready.'),
  cellar_pool_takes_total: counter('number', 'Sessions that found a waiting sandbox, or none.', {
    outcome: ['hit', 'miss'],
  }),
  cellar_pool_retired_total: counter('number', 'Waiting sandboxes that no session got.', {
    reason: ['aged', 'lost', 'outdated', 'surplus', 'unfit', 'shutdown'],
  }),
  cellar_pool_start_failures_total: counter('number', 'Waiting sandboxes that did not start.'),
  cellar_admission_sandboxes: gauge('number', 'Sessions that have room for a sandbox.'),
  cellar_admission_sandboxes_max: gauge('number', 'How many may have.'),
  cellar_admission_memory_bytes: gauge('bytes', 'Sum of their memory limits.'),
  cellar_admission_memory_bytes_max: gauge('bytes', 'How much that may be.'),
  cellar_admission_processors: gauge('processors', 'Sum of their processors, without paused ones.'),
  cellar_admission_processors_max: gauge('processors', 'How many that may be.'),
  cellar_admission_starting: gauge('number', 'Sandboxes that are started for somebody who waits.'),
  cellar_admission_waiting: gauge('number', 'Requests that wait for room for a sandbox.'),
  cellar_admission_wait_duration_seconds: histogram(
    'seconds',
    'How long those waited that got room.',
    startBuckets,
  ),
  cellar_admission_refusals_total: counter(
    'number',
    'Requests that got no room: what was short (`queue`: too many wait already), and whose it is.',
    {
      reason: ['sandboxes', 'memoryBytes', 'milliCpus', 'starts', 'queue'],
      scope: ['service', 'tenant'],
    },
  ),
  cellar_admission_reclaimed_total: counter(
    'number',
    'Sessions that were put to sleep to make room for others.',
  ),
  cellar_overloaded: gauge('number', '1 while new work is refused for this cause.', {
    cause: ['loopDelayMs', 'residentBytes', 'openFiles'],
  }),

  // --- use by tenant, from the host's control groups ------------------------------------------------------------------
  cellar_tenant_cpu_seconds_total: counter(
    'seconds',
    'Processor time of the sandboxes of a tenant, from the control groups of the host.',
    { tenant },
  ),
  cellar_tenant_memory_bytes: gauge(
    'bytes',
    'Memory that the sandboxes of a tenant take, without file pages that can go, from the control groups.',
    { tenant },
  ),
  cellar_tenant_cpu_throttled_seconds_total: counter(
    'seconds',
    'Time that the sandboxes of a tenant stood still because they had used up their limit of processors, from the control groups.',
    { tenant },
  ),
  cellar_tenant_pids: gauge(
    'number',
    'Processes and threads in the sandboxes of a tenant, from the control groups.',
    { tenant },
  ),
  cellar_tenant_sandboxes: gauge('number', 'Sandboxes that the sessions of a tenant have.', {
    tenant,
  }),
  cellar_sandbox_readings_age_seconds: gauge(
    'seconds',
    'Age of the oldest reading of a sandbox’s control groups; few are read at a time.',
  ),
  cellar_sandboxes_unread: gauge(
    'number',
    'Sandboxes of sessions whose control groups cannot be read: the engine is elsewhere, or the groups are not mounted.',
  ),

  ...clientDeclarations,
  ...auditDeclarations,

  // --- traces -------------------------------------------------------------------------------------------------------
  cellar_trace_spans_exported_total: counter('number', 'Spans that the collector has taken.'),
  cellar_trace_spans_dropped_total: counter(
    'number',
    'Spans that were not sent: too many waited (queue), or the collector did not take them in time (export).',
    { reason: ['queue', 'export'] },
  ),

  cellar_tls_certificate_expiry_timestamp_seconds: gauge(
    'seconds',
    'When the certificate ends that clients are shown, seconds since 1970; absent without one.',
  ),

  cellar_build_info: gauge('number', 'Always 1; says what runs.', {
    version: { what: 'version of the service', countMax: 1 },
    node: { what: 'version of Node.js', countMax: 1 },
  }),
} as const satisfies Readonly<Record<`cellar_${string}`, Declaration>>;

export type MetricName = keyof typeof declarations;
