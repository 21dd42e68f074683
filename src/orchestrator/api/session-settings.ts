// From what a client asks of a session to a whole configuration: defaults filled in, maxima kept, and a clear word
// about what this version does not have.
import { AppError } from '../foundation/errors.ts';
import type { SessionConfig, SessionLimits } from '../registry/records.ts';
import type { ConfigChange } from '../sessions/session-service.ts';
import { networkOf } from './network-settings.ts';
import type { SessionSettings } from './schemas/request.ts';
import type { SessionBounds } from './tenant-bounds.ts';

/** What the sandboxes of this version have an engine for. */
const languages: readonly string[] = ['anarchy'];

/** Throws `unsupported_language`, before a container is asked for. */
export function checkLanguage(language: string): void {
  if (languages.includes(language)) return;
  throw new AppError('unsupported_language', {
    detail: `There is an engine for: ${languages.join(', ')}.`,
  });
}

/** The configuration of a new session: whatever it does not ask for is as in the defaults of `bounds`, and nowhere else. */
export function newSessionConfig(asked: SessionSettings, bounds: SessionBounds): SessionConfig {
  const { sessionDefaults } = bounds;
  return {
    ...sessionDefaults,
    network: { policy: 'none' },
    env: {},
    labels: {},
    ...configChange(asked, sessionDefaults, bounds),
  };
}

/** What a request changes of a session's configuration; `limits` and `idle` are merged with the current ones, all else is replaced. */
export function configChange(
  asked: SessionSettings,
  current: Pick<SessionConfig, 'limits' | 'idle'>,
  bounds: SessionBounds,
): ConfigChange {
  refuseTooMuch(asked, bounds);
  return {
    ...(asked.timeout === undefined ? {} : { timeout: asked.timeout }),
    ...(asked.limits === undefined ? {} : { limits: { ...current.limits, ...asked.limits } }),
    ...(asked.persistence === undefined ? {} : { persistence: persistenceOf(asked.persistence) }),
    ...(asked.network === undefined
      ? {}
      : { network: networkOf(asked.network, bounds.egressAllow) }),
    ...(asked.env === undefined ? {} : { env: asked.env }),
    ...(asked.labels === undefined ? {} : { labels: asked.labels }),
    ...(asked.idle === undefined ? {} : { idle: idleOf({ ...current.idle, ...asked.idle }) }),
  };
}

/** A policy by its name alone, too. */
export function persistenceOf(
  asked: NonNullable<SessionSettings['persistence']>,
): SessionConfig['persistence'] {
  if (typeof asked === 'string') return { policy: asked };
  const { policy, intervalMs, keep } = asked;
  return {
    policy,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(keep === undefined ? {} : { keep }),
  };
}

/** Null: that step is never taken. */
function idleOf(asked: NonNullable<SessionSettings['idle']>): SessionConfig['idle'] {
  const { pauseAfterMs, hibernateAfterMs, expireAfterMs } = asked;
  return {
    ...(pauseAfterMs == null ? {} : { pauseAfterMs }),
    ...(hibernateAfterMs == null ? {} : { hibernateAfterMs }),
    ...(expireAfterMs == null ? {} : { expireAfterMs }),
  };
}

/** Throws `invalid_request` when an execution may not take so long. */
export function checkTimeout(
  timeout: number | undefined,
  { sessionMaxima }: Pick<SessionBounds, 'sessionMaxima'>,
  field: string,
): void {
  if (timeout !== undefined && timeout > sessionMaxima.timeout) {
    throw new AppError('invalid_request', {
      detail: 'The time limit is longer than allowed.',
      fields: [{ field, message: `must be <= ${sessionMaxima.timeout}` }],
    });
  }
}

const limitNames = [
  'memoryBytes',
  'cpus',
  'pids',
  'workspaceBytes',
  'outputBytes',
] as const satisfies readonly (keyof SessionLimits)[];

function refuseTooMuch(asked: SessionSettings, bounds: SessionBounds): void {
  checkTimeout(asked.timeout, bounds, '/timeout');
  const fields = limitNames.flatMap((name) => {
    const maximum = bounds.sessionMaxima.limits[name];
    const value = asked.limits?.[name];
    return value !== undefined && value > maximum
      ? [{ field: `/limits/${name}`, message: `must be <= ${maximum}` }]
      : [];
  });
  if (fields.length > 0) {
    throw new AppError('invalid_request', { detail: 'A limit is higher than allowed.', fields });
  }
  refusePolicies(asked, bounds);
}

/** What the tenant's limits say of how sessions are kept. */
function refusePolicies({ persistence, idle = {} }: SessionSettings, bounds: SessionBounds): void {
  const { persistence: policies, idle: latest = {} } = bounds.sessionMaxima;
  const policy = typeof persistence === 'string' ? persistence : persistence?.policy;
  const fields =
    policy === undefined || policies === undefined || policies.includes(policy)
      ? []
      : [{ field: '/persistence', message: `must be one of: ${policies.join(', ')}` }];
  for (const step of ['pauseAfterMs', 'hibernateAfterMs', 'expireAfterMs'] as const) {
    const [maximum, ms] = [latest[step], idle[step]];
    if (maximum === undefined || ms === undefined || (ms !== null && ms <= maximum)) continue;
    fields.push({ field: `/idle/${step}`, message: `must be <= ${maximum}` });
  }
  if (fields.length > 0) {
    throw new AppError('invalid_request', { detail: 'The tenant does not allow that.', fields });
  }
}
