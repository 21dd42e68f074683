// What sessions do, how long users wait for it, and what goes wrong.
import type { Board, Panel } from '../board.ts';
import { countRate, of, quantile, rate, sum } from '../query.ts';

export const sessions: Board = {
  uid: 'cellar-sessions',
  title: 'Cellar / Sessions and execution',
  description: 'What sessions do, how long users wait for it, and what goes wrong.',
  rows: {
    Sessions: [
      {
        title: 'Sessions by state',
        description: 'Stored sessions; those that sleep (paused, hibernated) take no processor.',
        unit: 'short',
        stacked: true,
        queries: { '{{state}}': sum(['state'], of('cellar_sessions')) },
      },
      latency(
        'New sessions',
        'Until a new session has a running sandbox, by how it came by it: a fresh container (cold), one that waited (warm), a stored state (restore).',
        'create',
      ),
      latency(
        'Waking',
        'Until a session runs again: thawed (resume), with its stored state (restore), or without one (cold, warm).',
        'wake',
      ),
      {
        title: 'Sandboxes lost',
        description:
          'Sandboxes that were gone or given up while a session had them, by the reason.',
        unit: 'ops',
        queries: { '{{reason}}': sum(['reason'], rate('cellar_sandbox_losses_total')) },
      },
      {
        title: 'Sandboxes that did not start',
        description:
          'New sessions, and existing ones, whose sandbox did not come up, by the error.',
        unit: 'ops',
        queries: {
          'new: {{code}}': sum(['code'], rate('cellar_session_create_failures_total')),
          'existing: {{code}}': sum(['code'], rate('cellar_session_wake_failures_total')),
        },
      },
    ],
    Executions: [
      {
        title: 'Executions by outcome',
        description: 'Executions that have ended, by how.',
        unit: 'ops',
        stacked: true,
        queries: { '{{status}}': sum(['status'], rate('cellar_executions_total')) },
      },
      {
        title: 'Errors of programs',
        description: 'Executions that ended with an error, by its type: users’ mistakes as a rule.',
        unit: 'ops',
        queries: {
          '{{error}}': sum(['error'], rate('cellar_executions_total', 'error!="none"')),
        },
      },
      {
        title: 'Waiting and running',
        description: 'Executions that wait for their turn, and those that a sandbox is at.',
        unit: 'short',
        queries: {
          waiting: sum([], of('cellar_executions_queued')),
          running: sum([], of('cellar_executions_running')),
        },
      },
      percentiles(
        'Duration',
        'From handing an execution to its sandbox to its end. That is the users’ code as much as the service.',
        'cellar_execution_duration_seconds',
      ),
      percentiles(
        'Wait',
        'From accepting an execution to handing it over: its session was busy, or woke up.',
        'cellar_execution_queue_duration_seconds',
      ),
      percentiles(
        'First output',
        'From accepting an execution to its first output being sent: what somebody at a console feels.',
        'cellar_execution_first_output_duration_seconds',
      ),
      {
        title: 'Limits hit',
        description: 'Programs that ran into a limit, by which.',
        unit: 'ops',
        queries: { '{{limit}}': sum(['limit'], rate('cellar_limits_hit_total')) },
      },
    ],
    State: [
      {
        title: 'Snapshots taken',
        description: 'States that were stored, by why.',
        unit: 'ops',
        queries: { '{{reason}}': countRate('cellar_snapshot_duration_seconds', ['reason']) },
      },
      percentiles(
        'Storing a state',
        'Taking a snapshot, from asking the sandbox to the disk.',
        'cellar_snapshot_duration_seconds',
      ),
      percentiles(
        'Restoring a state',
        'Bringing a stored state into a sandbox.',
        'cellar_restore_duration_seconds',
      ),
      {
        title: 'Snapshot content and what it takes',
        description: 'Content of snapshots, and what of it was new to the store, compressed.',
        unit: 'Bps',
        queries: {
          content: sum([], rate('cellar_snapshot_content_bytes_total')),
          stored: sum([], rate('cellar_snapshot_stored_bytes_total')),
        },
      },
    ],
    Network: [
      {
        title: 'Connections to other hosts',
        description: 'Connections that programs asked for, by what became of them.',
        unit: 'ops',
        queries: { '{{outcome}}': sum(['outcome'], rate('cellar_egress_connections_total')) },
      },
      {
        title: 'Bytes to and from other hosts',
        description: 'What those connections carried, by direction.',
        unit: 'Bps',
        queries: { '{{direction}}': sum(['direction'], rate('cellar_egress_bytes_total')) },
      },
    ],
    Connections: [
      {
        title: 'Live connections',
        description: 'Open WebSockets.',
        unit: 'short',
        queries: { open: sum([], of('cellar_websockets')) },
      },
      {
        title: 'Messages sent',
        description: 'Messages to all live connections.',
        unit: 'ops',
        queries: { sent: sum([], rate('cellar_websocket_messages_sent_total')) },
      },
      {
        title: 'Connections ended by the service',
        description: 'By the reason; `tooSlow`: the client did not read as fast as events came.',
        unit: 'ops',
        queries: { '{{reason}}': sum(['reason'], rate('cellar_websocket_closes_total')) },
      },
    ],
  },
};

function latency(title: string, description: string, what: 'create' | 'wake'): Panel {
  const name = `cellar_session_${what}_duration_seconds` as const;
  return {
    title,
    description,
    unit: 's',
    queries: {
      '{{path}} 50 %': quantile(0.5, name, ['path']),
      '{{path}} 95 %': quantile(0.95, name, ['path']),
    },
  };
}

function percentiles(
  title: string,
  description: string,
  name: Parameters<typeof quantile>[1],
): Panel {
  return {
    title,
    description,
    unit: 's',
    queries: {
      '50 %': quantile(0.5, name),
      '95 %': quantile(0.95, name),
      '99 %': quantile(0.99, name),
    },
  };
}
