// What browsers send and get while they log in.
import { type Static, Type } from 'typebox';
import { roles } from '../../foundation/roles.ts';

const closed = { additionalProperties: false } as const;

export const LoginQuery = Type.Object(
  {
    returnTo: Type.Optional(
      Type.String({
        maxLength: 2048,
        description: 'Where the browser goes afterwards: a path of this service, `/docs`.',
      }),
    ),
    again: Type.Optional(
      Type.Boolean({ description: 'Sent here by the service itself, from another of its names.' }),
    ),
  },
  closed,
);

/** Providers add what they like. */
export const CallbackQuery = Type.Object(
  {
    code: Type.Optional(Type.String({ maxLength: 4096 })),
    state: Type.Optional(Type.String({ maxLength: 512 })),
    error: Type.Optional(Type.String({ maxLength: 512 })),
  },
  { additionalProperties: true },
);

export const LogoutQuery = Type.Object(
  {
    everywhere: Type.Optional(
      Type.Boolean({ description: 'Also the log-ins of the same user with other browsers.' }),
    ),
  },
  closed,
);

export const SignedOn = Type.Object(
  {
    tenant: Type.String(),
    role: Type.Enum(roles),
    keyId: Type.String({
      description: 'Of the key; or `oidc:` and the subject that the provider names.',
    }),
    shown: Type.Enum(['key', 'token', 'cookie']),
    expiresAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()], {
      description: 'When the token or the log-in ends; null for a key.',
    }),
  },
  { ...closed, $id: 'SignedOn' },
);
export type SignedOn = Static<typeof SignedOn>;
