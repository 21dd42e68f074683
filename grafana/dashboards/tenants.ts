// Who uses how much.
import type { Board } from '../board.ts';
import { of, rate, sum } from '../query.ts';

export const tenants: Board = {
  uid: 'cellar-tenants',
  title: 'Cellar / Tenants and usage',
  description:
    'What the sandboxes of each tenant use: the twenty that use most, the others together.',
  rows: {
    'By tenant': [
      {
        title: 'Processors',
        description: 'Processor time of the sandboxes, from the control groups of the host.',
        unit: 'suffix: cores',
        stacked: true,
        queries: { '{{tenant}}': sum(['tenant'], rate('cellar_tenant_cpu_seconds_total')) },
      },
      {
        title: 'Memory',
        description: 'Memory of the sandboxes, without file pages that can go.',
        unit: 'bytes',
        stacked: true,
        queries: { '{{tenant}}': sum(['tenant'], of('cellar_tenant_memory_bytes')) },
      },
      {
        title: 'Sandboxes',
        description: 'Sandboxes that the sessions of a tenant have.',
        unit: 'short',
        stacked: true,
        queries: { '{{tenant}}': sum(['tenant'], of('cellar_tenant_sandboxes')) },
      },
    ],
    'Limits and readings': [
      {
        title: 'Refused for a tenant’s own limits',
        description: 'Requests that got no room because their tenant has all it may have.',
        unit: 'ops',
        queries: {
          '{{reason}}': sum(['reason'], rate('cellar_admission_refusals_total', 'scope="tenant"')),
        },
      },
      {
        title: 'Age of the oldest reading',
        description:
          'Few control groups are read at a time; above a minute the figures of this page are late.',
        unit: 's',
        queries: { '{{instance}}': of('cellar_sandbox_readings_age_seconds') },
      },
      {
        title: 'Sandboxes that cannot be read',
        description:
          'Their use is missing here: the engine is elsewhere, or the control groups are not mounted.',
        unit: 'short',
        queries: { '{{instance}}': of('cellar_sandboxes_unread') },
      },
    ],
  },
};
