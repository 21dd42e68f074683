// Does a request that shows a cookie come from a page of the service? SECURITY: browsers send cookies along with whatever any page asks
// for; `SameSite` alone trusts every host of the same domain.
import type { FastifyRequest } from 'fastify';
import { AppError } from '../foundation/errors.ts';

const readingMethods: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

/** Throws `origin_forbidden`. `origin`: that under which browsers reach the service. */
export function refuseForeignPage({ method, headers }: FastifyRequest, origin: string): void {
  const site = headers['sec-fetch-site'];
  const isUpgrade = headers.upgrade !== undefined;
  const isReading = readingMethods.includes(method) && !isUpgrade;
  if (headers.origin !== undefined && headers.origin !== origin) throw refusal();
  // What the user has typed, a link that was followed: the answer is for the user, not for the page that the link was on.
  const isPage =
    headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  const isOwn = site === 'same-origin' || (isReading && (site === 'none' || isPage));
  if (site !== undefined && !isOwn) throw refusal();
  // What changes something needs a proof. Every browser sends an origin with an upgrade.
  const isProven = headers.origin !== undefined || (site !== undefined && !isUpgrade);
  if (!isReading && !isProven) throw refusal();
}

function refusal(): AppError {
  return new AppError('origin_forbidden', {
    detail: 'With a cookie this must come from a page of the service.',
  });
}
