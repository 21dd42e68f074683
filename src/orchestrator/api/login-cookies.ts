// The two cookies of logging in with a browser: the log-in itself, and the one that is under way.
import cookie from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiServer } from './api-server.ts';
import type { ApiParts } from './options.ts';

type Logins = NonNullable<ApiParts['logins']>;
export type LoginCookie = 'login' | 'underWay';

const names = { login: 'cellar', underWay: 'cellar-login' } as const;

/** Call it before anybody asks for a cookie. */
export async function installCookies(server: ApiServer): Promise<void> {
  await server.register(cookie);
}

export function shownCookie(
  request: FastifyRequest,
  logins: Logins,
  which: LoginCookie,
): string | undefined {
  return request.cookies[nameOf(logins, which)];
}

export function giveCookie(
  reply: FastifyReply,
  logins: Logins,
  which: LoginCookie,
  value: string,
  lifeMs: number,
): void {
  const maxAge = Math.floor(lifeMs / 1000);
  reply.setCookie(nameOf(logins, which), value, { ...terms(logins), maxAge });
}

export function takeCookie(reply: FastifyReply, logins: Logins, which: LoginCookie): void {
  reply.clearCookie(nameOf(logins, which), terms(logins));
}

function isSecure({ publicUrl }: Logins): boolean {
  return publicUrl.startsWith('https:');
}

/** SECURITY: with that prefix a browser takes it over TLS only, and from this host only; no other host of the domain can set it. */
function nameOf(logins: Logins, which: LoginCookie): string {
  return isSecure(logins) ? `__Host-${names[which]}` : names[which];
}

/** SECURITY: no script reads it, and no other site's page sends it along but by a link that is followed. */
function terms(logins: Logins) {
  return { path: '/', httpOnly: true, secure: isSecure(logins), sameSite: 'lax' } as const;
}
