// Who asks, and in which tenant: decided here and nowhere else.
import type { FastifyRequest } from 'fastify';
import type { Principal } from '../auth/authenticator.ts';
import { presentedKey } from '../auth/key-ring.ts';
import { isMistyped } from '../auth/key-text.ts';
import { AppError } from '../foundation/errors.ts';
import { type Role, reaches } from '../foundation/roles.ts';
import { shownCookie } from './login-cookies.ts';
import type { ApiParts } from './options.ts';
import { refuseForeignPage } from './same-origin.ts';

/** With which an admin acts in another tenant. */
export const tenantHeader = 'x-cellar-tenant';

/** Throws `forbidden` when the principal's role does not reach that one. */
export function refuseUnless(principal: Principal, role: Role): void {
  if (!reaches(principal.role, role)) throw new AppError('forbidden');
}

/**
 * Who sends a request, acting in the tenant that it names. Throws what `authenticate` does and `unauthenticated`; `forbidden` for
 * another tenant than the caller's own, whether it exists or not, and `tenant_not_found` for admins.
 */
export async function principalOf(
  api: Pick<ApiParts, 'authenticator' | 'logins' | 'tenants'>,
  request: FastifyRequest,
): Promise<Principal> {
  const { headers } = request;
  const principal =
    headers.authorization === undefined
      ? loggedIn(api, request)
      : await api.authenticator.authenticate(headers.authorization);
  if (principal === null) throw unauthenticated(headers.authorization);
  const named = headers[tenantHeader];
  if (named === undefined || named === principal.tenant) return principal;
  if (principal.role !== 'admin') {
    throw new AppError('forbidden', {
      detail: 'Only admins act in another tenant than their own.',
    });
  }
  return { ...principal, tenant: api.tenants.find(String(named)).tenantId };
}

/** Who shows the cookie of a log-in. Throws `origin_forbidden` where a page of another origin may have sent it. */
function loggedIn({ logins }: Pick<ApiParts, 'logins'>, request: FastifyRequest): Principal | null {
  const shown = logins === null ? undefined : shownCookie(request, logins, 'login');
  if (logins === null || shown === undefined) return null;
  const principal = logins.authenticate(shown);
  if (principal === null) {
    const reason = 'login_ended';
    throw new AppError('unauthenticated', { reason, detail: 'The log-in has ended.' });
  }
  refuseForeignPage(request, logins.publicUrl);
  return principal;
}

/** The caller of a request that the auth hook let in. */
export function callerOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new AppError('unauthenticated');
  return request.principal;
}

/** A slip can be told without saying anything about the keys that there are. */
function unauthenticated(authorization: string | undefined): AppError {
  const detail = isMistyped(presentedKey(authorization) ?? '')
    ? { detail: 'The API key is mistyped or cut off: its checksum is wrong.' }
    : {};
  return new AppError('unauthenticated', detail);
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** It begins new work: refused early while the process has too much to do. */
    newWork?: true;
    /** It settles by itself who asks, since there are other ways than a header. */
    ownDoor?: true;
  }
}
