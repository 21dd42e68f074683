// What each event means for the metrics, as a table.
import type { ServiceEvent } from '../foundation/observe.ts';
import { otherValue } from './declaration.ts';
import type { Instruments } from './instruments.ts';
import type { SandboxUse } from './sandbox-use.ts';

type Counted = { readonly instruments: Instruments; readonly use: SandboxUse };
type EventOf<Type extends ServiceEvent['type']> = Extract<ServiceEvent, { readonly type: Type }>;
type Meanings = {
  readonly [Type in ServiceEvent['type']]: (counted: Counted, event: EventOf<Type>) => void;
};

/** Counts one event. */
export function countEvent(counted: Counted, event: ServiceEvent): void {
  const meaning = meanings[event.type] as (counted: Counted, event: ServiceEvent) => void;
  meaning(counted, event);
}

const meanings: Meanings = {
  sessionsFound({ instruments }, { counts }) {
    for (const [state, count] of Object.entries(counts))
      if (state !== deleted) instruments.add('cellar_sessions', { state }, count);
  },
  sessionMoved({ instruments }, { from, to }) {
    if (from !== null) instruments.add('cellar_sessions', { state: from }, -1);
    if (to !== deleted) instruments.add('cellar_sessions', { state: to });
  },
  sessionReady({ instruments }, { created, path, ms, traceId }) {
    const name = created
      ? 'cellar_session_create_duration_seconds'
      : 'cellar_session_wake_duration_seconds';
    instruments.observe(name, { path }, seconds(ms), traceId);
  },
  sessionNotReady({ instruments }, { created, code }) {
    const name = created
      ? 'cellar_session_create_failures_total'
      : 'cellar_session_wake_failures_total';
    instruments.add(name, { code });
  },
  snapshotTaken({ instruments }, { reason, ms, sizeBytes, storedBytes }) {
    instruments.observe('cellar_snapshot_duration_seconds', { reason }, seconds(ms));
    instruments.add('cellar_snapshot_content_bytes_total', {}, sizeBytes);
    instruments.add('cellar_snapshot_stored_bytes_total', {}, storedBytes);
  },
  stateRestored({ instruments }, { part, ms }) {
    instruments.observe('cellar_restore_duration_seconds', { part }, seconds(ms));
  },

  executionQueued({ instruments }) {
    instruments.add('cellar_executions_queued', {});
  },
  executionDispatched({ instruments }, { waitedMs, traceId }) {
    instruments.add('cellar_executions_queued', {}, -1);
    instruments.add('cellar_executions_running', {});
    if (waitedMs !== null)
      instruments.observe(
        'cellar_execution_queue_duration_seconds',
        {},
        seconds(waitedMs),
        traceId,
      );
  },
  executionFirstOutput({ instruments }, { ms, traceId }) {
    if (ms !== null)
      instruments.observe(
        'cellar_execution_first_output_duration_seconds',
        {},
        seconds(ms),
        traceId,
      );
  },
  executionEnded({ instruments }, { status, error, truncated, dispatched, ms, traceId }) {
    const open = dispatched ? 'cellar_executions_running' : 'cellar_executions_queued';
    instruments.add(open, {}, -1);
    instruments.add('cellar_executions_total', { status, error: error ?? 'none' });
    if (dispatched)
      instruments.observe('cellar_execution_duration_seconds', { status }, seconds(ms), traceId);
    if (status === 'timeout') instruments.add('cellar_limits_hit_total', { limit: 'time' });
    if (truncated) instruments.add('cellar_limits_hit_total', { limit: 'output' });
    else if (error === 'ResourceLimitError')
      instruments.add('cellar_limits_hit_total', { limit: 'memory' });
  },

  sandboxStarted({ instruments }, { ms, traceId }) {
    instruments.observe('cellar_sandbox_start_duration_seconds', {}, seconds(ms), traceId);
  },
  sandboxNotStarted({ instruments }) {
    instruments.add('cellar_sandbox_start_failures_total', {});
  },
  sandboxTaken({ use }, { runtimeId, tenant }) {
    use.take(runtimeId, tenant);
  },
  sandboxLost({ instruments }, { reason }) {
    instruments.add('cellar_sandbox_losses_total', { reason });
    if (reason === 'outOfMemory') instruments.add('cellar_limits_hit_total', { limit: 'memory' });
  },
  sandboxEnding({ use }, { runtimeId }) {
    use.last(runtimeId);
  },
  agentRedialled({ instruments }) {
    instruments.add('cellar_agent_redials_total', {});
  },
  reconciled({ instruments }, { containers, orphans }) {
    instruments.set('cellar_containers', { owner: 'known' }, containers - orphans);
    instruments.set('cellar_containers', { owner: 'none' }, orphans);
  },
  orphanHandled({ instruments }, { action }) {
    instruments.add('cellar_orphans_total', { action });
  },

  egressEnded({ instruments }, { refusal, sentBytes, receivedBytes }) {
    instruments.add('cellar_egress_connections_total', { outcome: refusal ?? 'ended' });
    instruments.add('cellar_egress_bytes_total', { direction: 'sent' }, sentBytes);
    instruments.add('cellar_egress_bytes_total', { direction: 'received' }, receivedBytes);
  },

  // Counted by connection, above.
  networkUsed() {},

  admitted({ instruments }, { waitedMs }) {
    instruments.observe('cellar_admission_wait_duration_seconds', {}, seconds(waitedMs));
  },
  admissionRefused({ instruments }, { reason, scope }) {
    instruments.add('cellar_admission_refusals_total', { reason, scope });
  },

  registryCall({ instruments }, { call, ms, failed }) {
    if (failed) instruments.add('cellar_registry_errors_total', { call });
    instruments.observe('cellar_registry_duration_seconds', { call }, seconds(ms));
  },
  storeCall({ instruments }, { call, ms, code }) {
    if (code !== null) instruments.add('cellar_snapshot_store_errors_total', { call, code });
    instruments.observe('cellar_snapshot_store_duration_seconds', { call }, seconds(ms));
  },

  requestAnswered({ instruments }, { method, status, refusal, ms, traceId, ...event }) {
    const route = event.route ?? 'none';
    const statusClass = `${Math.floor(status / 100)}xx`;
    instruments.add('cellar_http_requests_total', { method, route, status: statusClass });
    const labels = { method, route };
    instruments.observe('cellar_http_request_duration_seconds', labels, seconds(ms), traceId);
    if (refusal !== null) instruments.add('cellar_refusals_total', { code: refusal });
  },
  messageRefused({ instruments }, { code }) {
    instruments.add('cellar_refusals_total', { code });
  },
  rateLimitHit({ instruments }, { limit }) {
    instruments.add('cellar_rate_limits_hit_total', { limit });
  },
  archiveRefused({ instruments }, { reason }) {
    instruments.add('cellar_archives_refused_total', { reason: reason ?? otherValue });
  },
  authFailed({ instruments }, { kind }) {
    instruments.add('cellar_auth_failures_total', { kind });
  },
  socketOpened({ instruments }) {
    instruments.add('cellar_websockets', {});
  },
  socketMessageSent({ instruments }) {
    instruments.add('cellar_websocket_messages_sent_total', {});
  },
  socketEnded({ instruments }, { reason }) {
    instruments.add('cellar_websocket_closes_total', { reason });
  },
  socketClosed({ instruments }) {
    instruments.add('cellar_websockets', {}, -1);
  },

  auditWritten({ instruments }, { count }) {
    instruments.add('cellar_audit_records_total', {}, count);
  },
  auditNotWritten({ instruments }) {
    instruments.add('cellar_audit_write_failures_total', {});
  },
  auditLost({ instruments }, { reason }) {
    instruments.add('cellar_audit_losses_total', { reason });
  },
  auditChecked({ instruments }, { whole }) {
    instruments.add('cellar_audit_checks_total', { outcome: whole ? 'whole' : 'broken' });
    instruments.set('cellar_audit_broken', {}, whole ? 0 : 1);
  },

  spansExported({ instruments }, { count }) {
    instruments.add('cellar_trace_spans_exported_total', {}, count);
  },
  spansDropped({ instruments }, { reason, count }) {
    instruments.add('cellar_trace_spans_dropped_total', { reason }, count);
  },
};

/** What is deleted is no session any more. */
const deleted = 'deleted';

function seconds(ms: number): number {
  return ms / 1000;
}
