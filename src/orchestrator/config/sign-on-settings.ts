// Settings of signing on with an OpenID provider: its tokens, what their claims mean here, and log-ins with a browser.
import { Type } from 'typebox';
import { roles } from '../foundation/roles.ts';
import { count, hourMs, milliseconds, minuteMs, secondMs, text } from './setting-types.ts';

/** Asymmetric ones only: with a secret that both sides have, whoever verifies could sign. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

const tenantId = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';

export const signOnSettings = {
  oidcIssuer: Type.Optional(
    Type.String({
      maxLength: 2048,
      // SECURITY: no user and password, which would be printed with it.
      pattern: '^https?://[^\\s@?#]+$',
      description:
        'The OpenID provider whose tokens are accepted, as its tokens name it: `https://login.example.org/realms/main`. Without it nothing but API keys is.',
    }),
  ),
  oidcAudience: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 2048,
      description:
        'The audience that tokens in `Authorization: Bearer …` must be for. Without it no tokens are accepted there.',
    }),
  ),
  oidcAlgorithms: Type.Array(Type.Enum(algorithms), {
    default: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'],
    minItems: 1,
    description: `Algorithms that tokens may be signed with, of ${algorithms.join(', ')}.`,
  }),
  oidcClockToleranceMs: milliseconds(
    10 * secondMs,
    [0, minuteMs],
    'How far the clocks of the provider and of the service may differ.',
  ),
  oidcRequestMsMax: milliseconds(
    5 * secondMs,
    [100, minuteMs],
    'How long one request to the provider may take.',
  ),
  oidcCooldownMs: milliseconds(
    30 * secondMs,
    [100, 10 * minuteMs],
    'From one look at the provider’s keys to the next, whatever tokens come.',
  ),
  oidcTenantClaim: text(
    'tenant',
    'The claim that names the tenant; dots lead into objects: `organization.id`.',
  ),
  oidcTenants: Type.Array(Type.String({ pattern: `^[^=]{1,256}=${tenantId}$` }), {
    default: [],
    description:
      'Tenants by values of that claim: `acme.example=red,other.example=blue`. Empty: the value is the id of the tenant.',
  }),
  oidcTenantDefault: Type.Optional(
    Type.String({
      pattern: `^${tenantId}$`,
      description: 'Tenant of those who have no such claim. Without it they are refused.',
    }),
  ),
  oidcRoleClaim: text(
    'role',
    'The claim that names the role, or several of which the highest counts; dots lead into objects: `realm_access.roles`.',
  ),
  oidcRoles: Type.Array(Type.String({ pattern: `^[^=]{1,256}=(${roles.join('|')})$` }), {
    default: [],
    description:
      'Roles by values of that claim: `staff=developer,cellar-admins=admin`. Empty: the value is the name of the role, and `admin` is none.',
  }),
  oidcRoleDefault: Type.Optional(
    Type.Enum(roles, {
      description: 'Role of those whose claim names none. Without it they are refused.',
    }),
  ),
  publicUrl: Type.Optional(
    Type.String({
      maxLength: 2048,
      pattern: '^https?://[^\\s/@?#]+/?$',
      description:
        'Address under which browsers reach the service: `https://cellar.example.org`. The provider sends them back to `/auth/callback` below it.',
    }),
  ),
  oidcClientId: Type.Optional(
    Type.String({
      pattern: '^[ -~]{1,256}$',
      description:
        'As what the provider knows the service. With it people can log in with a browser, at `/auth/login`.',
    }),
  ),
  oidcClientSecret: Type.Optional(
    Type.String({
      pattern: '^[ -~]{1,1024}$',
      description: 'Its secret, where it has one.',
    }),
  ),
  oidcClientSecretFile: Type.Optional(
    Type.String({ minLength: 1, description: 'A file with that secret, instead.' }),
  ),
  oidcScopes: Type.Array(Type.String({ pattern: '^[!#-[\\]-~]{1,256}$' }), {
    default: ['openid', 'profile'],
    description:
      'What the provider is asked for when somebody logs in: `openid`, and whatever brings the claims above into ID tokens.',
  }),
  loginMsMax: milliseconds(
    12 * hourMs,
    [minuteMs, 90 * 24 * hourMs],
    'How long a log-in with a browser lasts at most.',
  ),
  loginIdleMsMax: milliseconds(
    2 * hourMs,
    [minuteMs, 90 * 24 * hourMs],
    'How long it lasts unused; an open live connection is a use.',
  ),
  loginsPerUserMax: count(
    20,
    [1, 1000],
    'Log-ins of one user at a time; past it the one that was not used for longest ends.',
  ),
};
