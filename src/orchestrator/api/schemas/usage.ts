// What clients send and get about what was used, as closed schemas.
import { type Static, Type } from 'typebox';
import { usageIntervals } from '../../usage/usage-report.ts';
import { pageLimitMax } from './request.ts';

const closed = { additionalProperties: false } as const;
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Moment = (description: string) =>
  Type.String({ format: 'date-time', maxLength: 64, description });
const Amount = (description: string) => Type.Number({ minimum: 0, description });

export const UsageQuery = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Of this tenant only. Others than their own are for admins.',
      }),
    ),
    from: Type.Optional(
      Moment('Rounded down to an hour, or a day (UTC). Without it a day before `to`.'),
    ),
    to: Type.Optional(Moment('Rounded up to an hour, or a day (UTC). Without it now.')),
    by: Type.Optional(
      Type.Enum(['tenant', 'session'], {
        description: 'Rows for whole tenants, as without it, or for each of their sessions.',
      }),
    ),
    interval: Type.Optional(
      Type.Enum(usageIntervals, {
        description:
          'How much time is in a row; all of it without it. By hours at most 31 days are told, else 400.',
      }),
    ),
    format: Type.Optional(
      Type.Enum(['json', 'csv'], {
        description: 'As `Accept: text/csv`: all rows as CSV (RFC 4180).',
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: pageLimitMax,
        description: 'At most so many; 50 without it, as CSV all.',
      }),
    ),
    cursor: Type.Optional(
      Type.String({ pattern: '^[A-Za-z0-9_-]{1,512}$', description: '`next` of a page.' }),
    ),
  },
  closed,
);
export type UsageQuery = Static<typeof UsageQuery>;

const amounts = {
  cpuSeconds: Amount('Of processors, together.'),
  memoryByteSeconds: Amount('Bytes of memory times the seconds that they were in use.'),
  sandboxSeconds: Amount('In which there was a sandbox, paused or not.'),
  networkSentBytes: Amount('To other hosts.'),
  networkReceivedBytes: Amount('From other hosts.'),
  storedByteSeconds: Amount('Bytes of stored snapshots times the seconds that they were stored.'),
  executions: Type.Integer({ minimum: 0, description: 'That ended.' }),
};

const UsageItem = Type.Object(
  {
    tenant: Type.String(),
    session: { ...TextOrNull, description: 'Its id; null in rows for a whole tenant.' },
    name: { ...TextOrNull, description: 'Null without one, and of a session that is deleted.' },
    from: Type.String({ format: 'date-time' }),
    to: Type.String({ format: 'date-time', description: 'Excluded.' }),
    ...amounts,
  },
  { ...closed, $id: 'UsageItem', title: 'UsageItem' },
);
export type UsageItem = Static<typeof UsageItem>;

export const UsageList = Type.Object(
  {
    items: Type.Array(UsageItem, { description: 'By tenant, session and time.' }),
    limit: Type.Integer({ minimum: 0 }),
    next: { ...TextOrNull, description: 'The cursor of the next page; null after the last one.' },
    from: Type.String({ format: 'date-time', description: 'What was asked for, rounded.' }),
    to: Type.String({ format: 'date-time' }),
  },
  { ...closed, $id: 'UsageList', title: 'UsageList' },
);

export const SessionUsage = Type.Object(
  {
    session: Type.String(),
    totals: Type.Object(amounts, {
      ...closed,
      description: 'Of the whole session, as far back as hours of sessions are kept.',
    }),
    points: Type.Array(
      Type.Object(
        {
          at: Type.String({ format: 'date-time' }),
          cpuSeconds: Amount('Since the session was last without a sandbox.'),
          cpuRate: Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
            description: 'Processors in use since the point before; null of the first one.',
          }),
          memoryBytes: Amount('In use.'),
          pids: Type.Integer({ minimum: 0, description: 'Processes and threads.' }),
          networkSentBytes: Amount('As `cpuSeconds`.'),
          networkReceivedBytes: Amount('As `cpuSeconds`.'),
        },
        closed,
      ),
      {
        description:
          'Measurements of the last hour, oldest first; none while the session has no sandbox.',
      },
    ),
  },
  { ...closed, $id: 'SessionUsage', title: 'SessionUsage' },
);
export type SessionUsage = Static<typeof SessionUsage>;
