// Who asks, and what a role may do: decided here and nowhere else.
import type { FastifyRequest } from 'fastify';
import { type Principal, type Role, roles } from '../auth/authenticator.ts';
import { AppError } from '../foundation/errors.ts';

/** True when the principal's role reaches at least that one. */
export function mayAct(principal: Principal, role: Role): boolean {
  return roles.indexOf(principal.role) >= roles.indexOf(role);
}

/** The caller of a request that the auth hook let in. */
export function callerOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new AppError('unauthenticated');
  return request.principal;
}

declare module 'fastify' {
  interface FastifyRequest {
    principal: Principal | null;
  }
  interface FastifyContextConfig {
    /** It begins new work: refused early while the process has too much to do. */
    newWork?: true;
    /** Who may use the route: a role, everyone, or `socket` where the socket's own door decides. Admins only without it. */
    access?: Role | 'everyone' | 'socket';
  }
}
