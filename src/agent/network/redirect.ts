// Where a response leads on to, if it does (Fetch, 4.4: HTTP-redirect fetch). Pure.
import { type OutgoingRequest, RequestFailure } from './request.ts';

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const bodyHeaders: ReadonlySet<string> = new Set([
  ...['content-type', 'content-encoding', 'content-language', 'content-location'],
]);
/** SECURITY: meant for the host that the program named, and no other. */
const ownHeaders: ReadonlySet<string> = new Set(['authorization', 'cookie']);

/** The next request; null where this was the last. Throws RequestFailure. */
export function redirected(
  request: OutgoingRequest,
  status: number,
  location: string | undefined,
): OutgoingRequest | null {
  if (!redirectStatuses.has(status) || location === undefined) return null;
  const from = new URL(request.url);
  if (!URL.canParse(location, from.href)) throw new RequestFailure(`'${from.host}' leads nowhere`);
  const to = new URL(location, from);
  if (to.protocol !== 'http:' && to.protocol !== 'https:')
    throw new RequestFailure(`'${from.host}' leads to what is not http or https`);
  const isAsked = request.method === 'GET';
  const becomesGet = (status === 303 && !isAsked) || (status <= 302 && request.method === 'POST');
  const headers = [...request.headers].filter(
    ([name]) =>
      !(becomesGet && bodyHeaders.has(name)) &&
      !(to.origin !== from.origin && ownHeaders.has(name)),
  );
  return {
    ...request,
    url: to.href,
    headers: new Map(headers),
    ...(becomesGet ? { method: 'GET', body: null } : {}),
  };
}
