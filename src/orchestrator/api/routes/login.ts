// Logging in with a browser, logging out, and who is logged in.
import type { FastifyRequest } from 'fastify';
import { underWayMsMax } from '../../access/browser-logins.ts';
import type { Principal } from '../../auth/authenticator.ts';
import { AppError } from '../../foundation/errors.ts';
import type { ApiServer } from '../api-server.ts';
import { giveCookie, shownCookie, takeCookie } from '../login-cookies.ts';
import type { ApiParts } from '../options.ts';
import { callerOf } from '../principal.ts';
import type { Rates } from '../rates.ts';
import { refuseForeignPage } from '../same-origin.ts';
import { CallbackQuery, LoginQuery, LogoutQuery, SignedOn } from '../schemas/login.ts';
import { problem, shared } from '../schemas/route-schema.ts';
import { timeText } from '../views.ts';

const tags = ['Access'];
/** Where a browser goes that was sent to nowhere else. */
const home = '/auth/me';

export function loginRoutes(server: ApiServer, { logins, clock }: ApiParts, rates: Rates): void {
  server.get(
    '/auth/login',
    {
      schema: {
        tags,
        operationId: 'logIn',
        summary: 'Log in with a browser: leads to the OpenID provider',
        security: [],
        querystring: LoginQuery,
        response: { 302: { type: 'null', description: 'To the provider' }, ...problem },
      },
    },
    async (request, reply) => {
      const given = offered();
      const { returnTo = home, again = false } = request.query;
      if (!isLocal(returnTo)) {
        const fields = [{ field: '/returnTo', message: 'must be a path of this service' }];
        throw new AppError('invalid_request', { fields });
      }
      // A cookie that is set under another name would not come back to the callback. Once: a proxy may show us another name than browsers.
      if (!again && request.headers.host !== new URL(given.publicUrl).host) {
        const query = new URLSearchParams({ returnTo, again: 'true' });
        return reply.redirect(`${given.publicUrl}/auth/login?${query}`);
      }
      const { location, sealed } = await given.begin(returnTo);
      giveCookie(reply, given, 'underWay', sealed, underWayMsMax);
      return reply.redirect(location);
    },
  );

  server.get(
    '/auth/callback',
    {
      config: { audited: true },
      schema: {
        tags,
        operationId: 'finishLogIn',
        summary: 'Where the OpenID provider sends the browser back to',
        security: [],
        querystring: CallbackQuery,
        response: {
          303: { type: 'null', description: 'Logged in; to where the log-in was begun for' },
          ...problem,
        },
      },
    },
    async (request, reply) => {
      const given = offered();
      takeCookie(reply, given, 'underWay');
      const { shown, principal, returnTo } = await finish(request);
      request.principal = principal;
      giveCookie(reply, given, 'login', shown, principal.login!.expiresAt - clock.now());
      return reply.redirect(`${given.publicUrl}${returnTo}`, 303);
    },
  );

  server.post(
    '/auth/logout',
    {
      schema: {
        tags,
        operationId: 'logOut',
        summary: 'End the log-in of this browser; what was opened with it is closed',
        description: 'Without a log-in nothing happens. The log-in at the provider is not ended.',
        security: [{ cookie: [] }],
        querystring: LogoutQuery,
        response: { 204: { type: 'null', description: 'Logged out' }, ...problem },
      },
    },
    async (request, reply) => {
      const given = offered();
      const shown = shownCookie(request, given, 'login');
      if (shown !== undefined) {
        refuseForeignPage(request, given.publicUrl);
        request.principal = given.authenticate(shown);
        await given.end(shown, request.query.everywhere ?? false);
        takeCookie(reply, given, 'login');
      }
      return reply.code(204).send(null);
    },
  );

  server.get(
    '/auth/me',
    {
      schema: {
        tags,
        operationId: 'showMe',
        summary: 'Tell who is asking, how he has shown that, and until when',
        response: { 200: shared(SignedOn, 'Tenant, role and the rest'), ...problem },
      },
    },
    async (request) => {
      const principal = callerOf(request);
      const { tenant, role, keyId, login } = principal;
      const expiresAt = login === undefined ? null : timeText(login.expiresAt);
      return { tenant, role, keyId, shown: shownBy(principal), expiresAt };
    },
  );

  function offered(): NonNullable<ApiParts['logins']> {
    if (logins !== null) return logins;
    throw new AppError('not_found', { detail: 'Nobody can log in with a browser here.' });
  }

  async function finish(request: FastifyRequest) {
    const given = offered();
    const query = request.url.split('?', 2)[1] ?? '';
    const sealed = shownCookie(request, given, 'underWay');
    try {
      return await given.finish(query, sealed, shownCookie(request, given, 'login'));
    } catch (error) {
      const { code } = error instanceof AppError ? error : { code: null };
      if (code === 'login_failed') await rates.countFailure(request, 'login');
      if (code === 'forbidden') await rates.countFailure(request, 'claims');
      throw error;
    }
  }
}

function shownBy({ login }: Principal): 'key' | 'token' | 'cookie' {
  if (login === undefined) return 'key';
  return login.loginId === null ? 'token' : 'cookie';
}

/** SECURITY: one slash and then none, no backslash, nothing that browsers leave out: else it could lead to another host. */
function isLocal(path: string): boolean {
  return /^\/(?!\/)[!-[\]-~]*$/.test(path);
}
