// What a client asks of a session's network, checked as far as it can be before anybody uses it.
import { allowListMistake } from '../egress/allow-list.ts';
import { AppError } from '../foundation/errors.ts';
import type { SessionConfig } from '../registry/records.ts';
import type { SessionSettings } from './schemas/request.ts';

/** Throws `invalid_request` that names each part that is wrong. */
export function networkOf(
  asked: NonNullable<SessionSettings['network']>,
): SessionConfig['network'] {
  const { policy, allow = [], bytesPerSecond, bytesTotal } = asked;
  const fields = allow.flatMap((entry, index) => {
    const message = allowListMistake(entry);
    return message === null ? [] : [{ field: `/network/allow/${index}`, message }];
  });
  if (policy === 'none' && allow.length > 0)
    fields.push({ field: '/network/allow', message: 'needs the policy "allowlist"' });
  if (fields.length > 0)
    throw new AppError('invalid_request', {
      detail: 'The network cannot be allowed like this.',
      fields,
    });
  if (policy === 'none') return { policy };
  return {
    policy,
    allow,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(bytesTotal === undefined ? {} : { bytesTotal }),
  };
}
