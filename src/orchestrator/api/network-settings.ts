// What a client asks of a session's network, checked as far as it can be before anybody uses it.
import { allowListMistake, isCovered } from '../egress/allow-list.ts';
import { AppError } from '../foundation/errors.ts';
import type { SessionConfig } from '../registry/records.ts';
import type { SessionSettings } from './schemas/request.ts';

type Field = { readonly field: string; readonly message: string };

/** `egressAllow`: what the tenant's lists may name; null for anything. Throws `invalid_request` that names each part that is wrong. */
export function networkOf(
  asked: NonNullable<SessionSettings['network']>,
  egressAllow: readonly string[] | null,
): SessionConfig['network'] {
  const { policy, allow = [], bytesPerSecond, bytesTotal } = asked;
  if (policy === 'none' && allow.length > 0)
    refuse([{ field: '/network/allow', message: 'needs the policy "allowlist"' }]);
  checkAllowList(allow, '/network/allow');
  if (policy === 'none') return { policy };
  refuse(
    allow.flatMap((entry, index) => {
      const isAllowed = egressAllow === null || isCovered(entry, egressAllow);
      const message = 'must be among the hosts that the tenant may reach';
      return isAllowed ? [] : [{ field: `/network/allow/${index}`, message }];
    }),
  );
  return {
    policy,
    allow,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
    ...(bytesTotal === undefined ? {} : { bytesTotal }),
  };
}

/** Throws `invalid_request` that names each entry that means nothing. */
export function checkAllowList(entries: readonly string[], field: string): void {
  refuse(
    entries.flatMap((entry, index) => {
      const message = allowListMistake(entry);
      return message === null ? [] : [{ field: `${field}/${index}`, message }];
    }),
  );
}

function refuse(fields: readonly Field[]): void {
  if (fields.length === 0) return;
  throw new AppError('invalid_request', {
    detail: 'The network cannot be allowed like this.',
    fields,
  });
}
