// What clients send and get about the audit log, as closed schemas.
import { type Static, Type } from 'typebox';
import { roles } from '../../foundation/roles.ts';
import { pageLimitMax } from './request.ts';

const closed = { additionalProperties: false } as const;
const TextOrNull = Type.Union([Type.String(), Type.Null()]);
const Moment = Type.String({ format: 'date-time', maxLength: 64 });
const Hash = Type.String({ pattern: '^[0-9a-f]{64}$' });

export const AuditQuery = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Of this tenant only. Others than their own are for admins.',
      }),
    ),
    action: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    from: Type.Optional(Moment),
    to: Type.Optional(
      Type.String({ format: 'date-time', maxLength: 64, description: 'Excluded.' }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: pageLimitMax })),
    cursor: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,16}-[0-9]{1,16}$', description: '`next` of a page.' }),
    ),
  },
  closed,
);

const AuditItem = Type.Object(
  {
    seq: Type.Integer({ minimum: 1 }),
    at: Type.String({ format: 'date-time', description: 'When it was answered. RFC 3339, UTC.' }),
    tenant: TextOrNull,
    key: { ...TextOrNull, description: 'Id of the API key; null when nobody knows who asked.' },
    role: Type.Union([Type.Enum(roles), Type.Null()]),
    address: Type.String({ description: 'Where the request came from.' }),
    requestId: Type.String(),
    action: Type.String({
      description: 'An operation of this document, or `live.` with the type of a live message.',
    }),
    target: Type.String({ description: 'The path of the request.' }),
    made: { ...TextOrNull, description: 'The address of what it made.' },
    status: Type.Integer({ description: 'The HTTP status that it was answered with.' }),
    code: { ...TextOrNull, description: 'The code of the problem that it was answered with.' },
    previous: Hash,
    hash: Hash,
  },
  { ...closed, $id: 'AuditItem', title: 'AuditItem' },
);
export type AuditItem = Static<typeof AuditItem>;

export const AuditList = Type.Object(
  {
    items: Type.Array(AuditItem),
    limit: Type.Integer({ minimum: 0 }),
    next: { ...TextOrNull, description: 'The cursor of the next page; null after the last one.' },
  },
  { ...closed, $id: 'AuditList', title: 'AuditList' },
);
