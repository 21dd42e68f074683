// What clients send and get about tenants and API keys, as closed schemas.
import { type Static, type TSchema, Type } from 'typebox';
import { limits as protocolLimits } from '#protocol';
import { roles } from '../../foundation/roles.ts';
import { Limits, Persistence, persistencePolicies } from './request.ts';

const closed = { additionalProperties: false } as const;
const Count = Type.Integer({ minimum: 0 });
const Time = Type.String({ format: 'date-time', description: 'RFC 3339, UTC.' });
const orNull = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);
const listOf = <Item extends TSchema>(item: Item) => ({
  items: Type.Array(item),
  total: Count,
  limit: Count,
  offset: Count,
});

const overlapMsMax = 7 * 24 * 60 * 60 * 1000;
export const overlapMsDefault = 60 * 60 * 1000;

// --- what clients send -------------------------------------------------------------------------------------------------

const TenantId = Type.String({
  pattern: '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  description:
    'Lower-case letters, digits and hyphens. Never given again, also when it is deleted.',
});
const DisplayName = orNull(Type.String({ minLength: 1, maxLength: 200 }));

const Timeout = Type.Optional(
  Type.Integer({
    minimum: 1,
    maximum: protocolLimits.executionMsMax,
    description: 'Time limit of an execution, ms.',
  }),
);

const IdleStep = Type.Optional(
  Type.Integer({ minimum: 1000, maximum: 3650 * 24 * 60 * 60 * 1000 }),
);
const IdleSteps = Type.Object(
  { pauseAfterMs: IdleStep, hibernateAfterMs: IdleStep, expireAfterMs: IdleStep },
  {
    ...closed,
    description:
      'As a limit: a session takes a step that is here after that time at the latest, and cannot do without it.',
  },
);

const TenantLimits = Type.Object(
  {
    sessions: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000 })),
    memoryBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    cpus: Type.Optional(Type.Number({ minimum: 0, maximum: 10_000_000 })),
    requestsPerMinute: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1_000_000_000, description: 'With each key.' }),
    ),
    executionsPerMinute: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1_000_000_000, description: 'Of all keys together.' }),
    ),
    session: Type.Optional(
      Type.Object(
        {
          ...Limits.properties,
          timeout: Timeout,
          persistence: Type.Optional(
            Type.Array(Type.Enum(persistencePolicies), {
              minItems: 1,
              maxItems: persistencePolicies.length,
              description: 'The policies that may be asked for.',
            }),
          ),
          idle: Type.Optional(IdleSteps),
        },
        { ...closed, description: 'The most that any one session may ask for.' },
      ),
    ),
  },
  {
    ...closed,
    description:
      'Of all live sessions together, and of each. What is absent is bounded by the service, which bounds the rest too.',
  },
);

const TenantDefaults = Type.Object(
  {
    timeout: Timeout,
    limits: Type.Optional(Limits),
    persistence: Type.Optional(Persistence),
    idle: Type.Optional(IdleSteps),
  },
  { ...closed, description: 'Of sessions that ask for nothing else.' },
);

const EgressAllow = orNull(
  Type.Array(Type.String({ minLength: 1, maxLength: 260 }), {
    maxItems: 100,
    description:
      'What the lists of its sessions may name, as in those. Null: any host of the public internet; empty: none.',
  }),
);

const tenantSettings = {
  displayName: Type.Optional(DisplayName),
  limits: Type.Optional(TenantLimits),
  defaults: Type.Optional(TenantDefaults),
  egressAllow: Type.Optional(EgressAllow),
};

export const CreateTenantBody = Type.Object({ id: TenantId, ...tenantSettings }, closed);
export type CreateTenantBody = Static<typeof CreateTenantBody>;

export const ChangeTenantBody = Type.Object(tenantSettings, {
  ...closed,
  description:
    'Absent parts stay as they are; `limits`, `defaults` and `egressAllow` are replaced as a whole.',
});

export type ChangeTenantBody = Static<typeof ChangeTenantBody>;

export const TenantParams = Type.Object(
  { id: Type.String({ minLength: 1, maxLength: 64 }) },
  closed,
);

export const DeleteTenantQuery = Type.Object(
  {
    force: Type.Optional(
      Type.Boolean({ description: 'Also one that has sessions or snapshots; they go with it.' }),
    ),
  },
  closed,
);

export const CreateKeyBody = Type.Object(
  {
    tenant: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: 'Without it the one that the caller acts in. Another one for admins only.',
      }),
    ),
    role: Type.Enum(roles, { description: 'At most that of the caller’s own key.' }),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    expiresAt: Type.Optional(
      Type.String({ format: 'date-time', maxLength: 64, description: 'Without it: no end.' }),
    ),
  },
  closed,
);

export const RotateKeyBody = Type.Optional(
  Type.Object(
    {
      overlapMs: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: overlapMsMax,
          default: overlapMsDefault,
          description: 'For how long the old key opens the service beside the new one.',
        }),
      ),
    },
    closed,
  ),
);

export const KeyParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) }, closed);

// --- what clients get --------------------------------------------------------------------------------------------------

const tenant = {
  id: Type.String(),
  displayName: orNull(Type.String()),
  limits: TenantLimits,
  defaults: TenantDefaults,
  egressAllow: EgressAllow,
  createdAt: Time,
};

export const Tenant = Type.Object(tenant, { ...closed, $id: 'Tenant' });
export type Tenant = Static<typeof Tenant>;

export type TenantSettings = Pick<Tenant, 'displayName' | 'limits' | 'defaults' | 'egressAllow'>;

export const TenantList = Type.Object(listOf(Type.Object(tenant, closed)), {
  ...closed,
  $id: 'TenantList',
});

export const DeletedTenant = Type.Object(
  { id: Type.String(), sessions: Count, snapshots: Count, keys: Count },
  { ...closed, $id: 'DeletedTenant', description: 'What went with it.' },
);

const apiKey = {
  id: Type.String(),
  tenant: Type.String(),
  role: Type.Enum(roles),
  name: orNull(Type.String()),
  prefix: Type.String({ description: 'What the text of the key begins with. No secret.' }),
  createdAt: Time,
  expiresAt: orNull(Time),
  lastUsedAt: Type.Union([Time, Type.Null()], {
    description: 'To the minute, and written some seconds later.',
  }),
  revokedAt: orNull(Time),
  rotatedFrom: orNull(Type.String({ description: 'The key that this one takes the place of.' })),
};

export const ApiKey = Type.Object(apiKey, { ...closed, $id: 'ApiKey' });
export type ApiKey = Static<typeof ApiKey>;

export const MadeApiKey = Type.Object(
  {
    ...apiKey,
    key: Type.Optional(
      Type.String({
        description: 'The key itself, in this reply only: a repeated request does not get it.',
      }),
    ),
  },
  { ...closed, $id: 'MadeApiKey' },
);

export const ApiKeyList = Type.Object(listOf(Type.Object(apiKey, closed)), {
  ...closed,
  $id: 'ApiKeyList',
});

/** As `sharedSchemas` of reply.ts. */
export const accessSchemas = [
  Tenant,
  TenantList,
  DeletedTenant,
  ApiKey,
  MadeApiKey,
  ApiKeyList,
] as const;
