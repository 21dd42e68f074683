// The service's own process, its stores and its disk.
import type { Board } from '../board.ts';
import { of, quantile, rate, sum } from '../query.ts';

export const host: Board = {
  uid: 'cellar-host',
  title: 'Cellar / Host and process',
  description: 'The service’s own process, its stores and its disk.',
  rows: {
    Process: [
      {
        title: 'Processor',
        description:
          'Processor time of the service itself. It has one thread for nearly everything: near 1 it is late.',
        unit: 'suffix: cores',
        queries: { '{{instance}}': sum(['instance'], rate('cellar_process_cpu_seconds_total')) },
      },
      {
        title: 'Memory',
        description:
          'Of the service itself, without the sandboxes, and of that the JavaScript heap in use.',
        unit: 'bytes',
        queries: {
          '{{instance}} resident': of('cellar_process_resident_memory_bytes'),
          '{{instance}} heap': of('cellar_nodejs_heap_size_used_bytes'),
        },
      },
      {
        title: 'Lateness of the event loop',
        description:
          'How late the process is with everything: half of the time, and one time in a hundred.',
        unit: 's',
        queries: {
          '{{instance}} 50 %': of('cellar_nodejs_eventloop_lag_p50_seconds'),
          '{{instance}} 99 %': of('cellar_nodejs_eventloop_lag_p99_seconds'),
        },
      },
      {
        title: 'Garbage collection',
        description: 'Share of the time that it takes, by kind.',
        unit: 'percentunit',
        queries: {
          '{{kind}}': sum(
            ['kind'],
            'rate(cellar_nodejs_gc_duration_seconds_sum{instance=~"$instance"}[$__rate_interval])',
          ),
        },
      },
      {
        title: 'File descriptors',
        description: 'Each live connection and each sandbox takes one or two.',
        unit: 'short',
        queries: {
          '{{instance}} open': of('cellar_process_open_fds'),
          '{{instance}} most': of('cellar_process_max_fds'),
        },
      },
      {
        title: 'Overload',
        description: '1 while new work is refused for this cause.',
        unit: 'short',
        queries: { '{{cause}}': `max by (cause) (${of('cellar_overloaded')})` },
      },
      {
        title: 'Versions',
        description: 'What runs.',
        unit: 'short',
        queries: {
          '{{version}} on Node {{node}}': sum(['version', 'node'], of('cellar_build_info')),
        },
      },
    ],
    Stores: [
      {
        title: 'Registry',
        description: 'Transactions (commit), and waiting for the disk to have them (sync), 99 %.',
        unit: 's',
        queries: { '{{call}}': quantile(0.99, 'cellar_registry_duration_seconds', ['call']) },
      },
      {
        title: 'Snapshot store',
        description:
          'Calls by kind, 95 %; storing and opening last as long as the state takes to come and to be taken.',
        unit: 's',
        queries: { '{{call}}': quantile(0.95, 'cellar_snapshot_store_duration_seconds', ['call']) },
      },
      {
        title: 'Failures of the stores',
        description: 'Calls that failed. Those of the registry are serious.',
        unit: 'ops',
        queries: {
          'registry {{call}}': sum(['call'], rate('cellar_registry_errors_total')),
          'snapshots {{call}} {{code}}': sum(
            ['call', 'code'],
            rate('cellar_snapshot_store_errors_total'),
          ),
        },
      },
      {
        title: 'Disk',
        description: 'Free space on the disk of the data directory, and its size.',
        unit: 'bytes',
        queries: {
          '{{instance}} free': of('cellar_disk_free_bytes'),
          '{{instance}} size': of('cellar_disk_size_bytes'),
        },
      },
    ],
    Traces: [
      {
        title: 'Spans',
        description:
          'Parts of traced requests that the collector has taken, and those that were dropped: too many waited (queue), or it did not take them (export).',
        unit: 'ops',
        queries: {
          taken: sum([], rate('cellar_trace_spans_exported_total')),
          'dropped, {{reason}}': sum(['reason'], rate('cellar_trace_spans_dropped_total')),
        },
      },
    ],
  },
};
