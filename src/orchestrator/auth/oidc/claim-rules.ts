// What the claims of a token mean here: which tenant, and which role in it. Pure.
import { AppError } from '../../foundation/errors.ts';
import { type Role, reaches, roles } from '../../foundation/roles.ts';

export type ClaimRules = {
  readonly tenantClaim: string;
  /** By value of the claim; empty: the value is the tenant's id. */
  readonly tenants: ReadonlyMap<string, string>;
  /** Where there is no such claim; null: then it is refused. */
  readonly tenantDefault: string | null;
  readonly roleClaim: string;
  /** By value of the claim; empty: the value is the role's name. */
  readonly roles: ReadonlyMap<string, Role>;
  /** Where the claim names none; null: then it is refused. */
  readonly roleDefault: Role | null;
};

type Claims = Readonly<Record<string, unknown>>;

/** Throws `forbidden` with a reason. */
export function readClaims(
  claims: Claims,
  rules: ClaimRules,
  isTenant: (tenantId: string) => boolean,
): { readonly tenant: string; readonly role: Role } {
  return { tenant: tenantOf(claims, rules, isTenant), role: roleOf(claims, rules) };
}

/** The default is for those who have no such claim: who has one that means nothing is somebody else’s. */
function tenantOf(
  claims: Claims,
  { tenantClaim, tenants, tenantDefault }: ClaimRules,
  isTenant: (tenantId: string) => boolean,
): string {
  const values = valuesOf(claims, tenantClaim);
  const named =
    values === null
      ? [tenantDefault]
      : values.map((value) => (tenants.size === 0 ? value : tenants.get(value)));
  const known = new Set(named.filter((tenant) => tenant != null).filter(isTenant));
  const [tenant] = known;
  if (tenant === undefined)
    throw refusal('tenant_unknown', `The claim “${tenantClaim}” names no tenant of this service.`);
  if (known.size > 1)
    throw refusal('tenant_ambiguous', `The claim “${tenantClaim}” names several tenants.`);
  return tenant;
}

/** The highest one that is named. */
function roleOf(claims: Claims, { roleClaim, roles: mapped, roleDefault }: ClaimRules): Role {
  const named = (valuesOf(claims, roleClaim) ?? [])
    .map((value) => (mapped.size === 0 ? namedRole(value) : mapped.get(value)))
    .filter((role) => role !== undefined);
  const highest = named.reduce<Role | null>(
    (best, role) => (best !== null && reaches(best, role) ? best : role),
    null,
  );
  const role = highest ?? roleDefault;
  if (role === null)
    throw refusal('role_unknown', `The claim “${roleClaim}” names no role of this service.`);
  return role;
}

/** SECURITY: `admin` is everything in every tenant, and a common word: it needs an entry in the map. */
function namedRole(value: string): Role | undefined {
  return roles.find((role) => role === value && role !== 'admin');
}

/** A text, or those in a list; null where there is no such claim. A name with dots may be a path: `realm_access.roles`. */
function valuesOf(claims: Claims, name: string): string[] | null {
  let value: unknown = Object.hasOwn(claims, name) ? claims[name] : claims;
  if (value === claims)
    for (const part of name.split('.'))
      value =
        typeof value === 'object' && value !== null && Object.hasOwn(value, part)
          ? (value as Claims)[part]
          : undefined;
  if (value === undefined || value === null) return null;
  return [value].flat().filter((one) => typeof one === 'string');
}

function refusal(reason: string, detail: string): AppError {
  return new AppError('forbidden', { reason, detail });
}
