// Whether there is room for more: the pool, admission, containers.
import type { Board } from '../board.ts';
import { of, quantile, rate, sum } from '../query.ts';

export const capacity: Board = {
  uid: 'cellar-capacity',
  title: 'Cellar / Pool and capacity',
  description: 'Whether there is room for more sessions, and what it costs to come by it.',
  rows: {
    'Warm pool': [
      {
        title: 'Waiting sandboxes',
        description:
          'Ready and starting, against what the pool means to have. Empty for long: new sessions wait for a container each.',
        unit: 'short',
        queries: {
          '{{state}}': sum(['state'], of('cellar_pool_sandboxes')),
          wanted: sum([], of('cellar_pool_wanted_sandboxes')),
        },
      },
      {
        title: 'Found one',
        description: 'Share of the sessions that found a waiting sandbox.',
        unit: 'percentunit',
        max: 1,
        queries: {
          hits: `${sum([], rate('cellar_pool_takes_total', 'outcome="hit"'))} / (${sum([], rate('cellar_pool_takes_total'))} > 0)`,
        },
      },
      {
        title: 'Retired unused',
        description:
          'Waiting sandboxes that no session got, by the reason, and starts that failed.',
        unit: 'ops',
        queries: {
          '{{reason}}': sum(['reason'], rate('cellar_pool_retired_total')),
          'failed starts': sum([], rate('cellar_pool_start_failures_total')),
        },
      },
    ],
    Admission: [
      {
        title: 'Live sessions',
        description: 'Sessions that have room for a sandbox, and how many may have.',
        unit: 'short',
        queries: {
          used: sum([], of('cellar_admission_sandboxes')),
          most: sum([], of('cellar_admission_sandboxes_max')),
        },
      },
      {
        title: 'Memory promised',
        description: 'Sum of the memory limits of live sessions, and what that may be.',
        unit: 'bytes',
        queries: {
          used: sum([], of('cellar_admission_memory_bytes')),
          most: sum([], of('cellar_admission_memory_bytes_max')),
        },
      },
      {
        title: 'Processors promised',
        description: 'Sum of the processors of sessions that are not paused, and what that may be.',
        unit: 'suffix: cores',
        queries: {
          used: sum([], of('cellar_admission_processors')),
          most: sum([], of('cellar_admission_processors_max')),
        },
      },
      {
        title: 'Waiting for room',
        description: 'Requests that wait for room, and sandboxes that are started for some.',
        unit: 'short',
        queries: {
          waiting: sum([], of('cellar_admission_waiting')),
          starting: sum([], of('cellar_admission_starting')),
        },
      },
      {
        title: 'How long they waited',
        description: 'Of those that got room.',
        unit: 's',
        queries: {
          '50 %': quantile(0.5, 'cellar_admission_wait_duration_seconds'),
          '99 %': quantile(0.99, 'cellar_admission_wait_duration_seconds'),
        },
      },
      {
        title: 'Refused and put to sleep',
        description:
          'Requests that got no room, by what was short and whose that is, and sessions put to sleep for others.',
        unit: 'ops',
        queries: {
          '{{scope}}: {{reason}}': sum(
            ['scope', 'reason'],
            rate('cellar_admission_refusals_total'),
          ),
          'put to sleep': sum([], rate('cellar_admission_reclaimed_total')),
        },
      },
    ],
    Containers: [
      {
        title: 'Sandboxes',
        description: 'Live and starting.',
        unit: 'short',
        queries: { '{{state}}': sum(['state'], of('cellar_sandboxes')) },
      },
      {
        title: 'Starting a container',
        description: 'From the first call to the engine to the connected agent.',
        unit: 's',
        queries: {
          '50 %': quantile(0.5, 'cellar_sandbox_start_duration_seconds'),
          '95 %': quantile(0.95, 'cellar_sandbox_start_duration_seconds'),
        },
      },
      {
        title: 'Failures and redials',
        description:
          'Containers that did not come up, and agents that lost their connection and came back.',
        unit: 'ops',
        queries: {
          'failed starts': sum([], rate('cellar_sandbox_start_failures_total')),
          redials: sum([], rate('cellar_agent_redials_total')),
        },
      },
      {
        title: 'Containers by owner',
        description:
          'What the engine lists of this instance. Those without an owner should go within a minute.',
        unit: 'short',
        queries: { '{{owner}}': sum(['owner'], of('cellar_containers')) },
      },
      {
        title: 'Orphans',
        description: 'What was done about containers and directories without an owner.',
        unit: 'ops',
        queries: { '{{action}}': sum(['action'], rate('cellar_orphans_total')) },
      },
    ],
  },
};
