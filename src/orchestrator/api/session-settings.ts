// From what a client asks of a session to a whole configuration: defaults filled in, maxima kept, and a clear word
// about what this version does not have.
import { AppError } from '../foundation/errors.ts';
import type { SessionConfig, SessionLimits } from '../registry/records.ts';
import type { ConfigChange } from '../sessions/session-service.ts';
import { networkOf } from './network-settings.ts';
import type { ApiSettings } from './options.ts';
import type { SessionSettings } from './schemas/request.ts';

type Bounds = Pick<ApiSettings, 'sessionDefaults' | 'sessionMaxima'>;

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
export function newSessionConfig(asked: SessionSettings, bounds: Bounds): SessionConfig {
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
  bounds: Bounds,
): ConfigChange {
  refuseTooMuch(asked, bounds);
  return {
    ...(asked.timeout === undefined ? {} : { timeout: asked.timeout }),
    ...(asked.limits === undefined ? {} : { limits: { ...current.limits, ...asked.limits } }),
    ...(asked.persistence === undefined ? {} : { persistence: persistenceOf(asked.persistence) }),
    ...(asked.network === undefined ? {} : { network: networkOf(asked.network) }),
    ...(asked.env === undefined ? {} : { env: asked.env }),
    ...(asked.labels === undefined ? {} : { labels: asked.labels }),
    ...(asked.idle === undefined ? {} : { idle: idleOf({ ...current.idle, ...asked.idle }) }),
  };
}

function persistenceOf(
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
  { sessionMaxima }: Bounds,
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

function refuseTooMuch(asked: SessionSettings, bounds: Bounds): void {
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
}
