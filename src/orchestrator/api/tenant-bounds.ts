// What the sessions of one tenant get and may ask for: the settings of the service, narrowed by the tenant's own. Pure.
import type { TenantRecord } from '../registry/access-records.ts';
import type { SessionConfig, SessionLimits } from '../registry/records.ts';
import type { ApiSettings, SessionDefaults, SessionMaxima } from './options.ts';

export type SessionBounds = {
  readonly sessionDefaults: SessionDefaults;
  readonly sessionMaxima: SessionMaxima;
  /** What allow lists may name; null for anything. */
  readonly egressAllow: readonly string[] | null;
};

/** No tenant gets more than the service gives; a default past a limit is that limit. */
export function boundsOf(
  { sessionDefaults, sessionMaxima }: Pick<ApiSettings, 'sessionDefaults' | 'sessionMaxima'>,
  {
    limits: { session = {} },
    defaults,
    egressAllow,
  }: Pick<TenantRecord, 'limits' | 'defaults' | 'egressAllow'>,
): SessionBounds {
  const { timeout = sessionMaxima.timeout, persistence, idle, ...own } = session;
  const maxima: SessionMaxima = {
    timeout: Math.min(timeout, sessionMaxima.timeout),
    limits: least(sessionMaxima.limits, { ...sessionMaxima.limits, ...own }),
    ...(persistence === undefined ? {} : { persistence }),
    ...(idle === undefined ? {} : { idle }),
  };
  return {
    sessionMaxima: maxima,
    egressAllow,
    sessionDefaults: {
      timeout: Math.min(defaults.timeout ?? sessionDefaults.timeout, maxima.timeout),
      limits: least(maxima.limits, { ...sessionDefaults.limits, ...defaults.limits }),
      persistence: allowed(defaults.persistence ?? sessionDefaults.persistence, persistence),
      idle: soonEnough({ ...sessionDefaults.idle, ...defaults.idle }, idle),
    },
  };
}

function least(one: SessionLimits, other: SessionLimits): SessionLimits {
  return {
    memoryBytes: Math.min(one.memoryBytes, other.memoryBytes),
    cpus: Math.min(one.cpus, other.cpus),
    pids: Math.min(one.pids, other.pids),
    workspaceBytes: Math.min(one.workspaceBytes, other.workspaceBytes),
    outputBytes: Math.min(one.outputBytes, other.outputBytes),
  };
}

/** The first one that is allowed, where the wanted one is not. */
function allowed(
  wanted: SessionConfig['persistence'],
  policies: SessionMaxima['persistence'],
): SessionConfig['persistence'] {
  const [first] = policies ?? [];
  if (first === undefined || policies?.includes(wanted.policy)) return wanted;
  return { policy: first };
}

function soonEnough(
  wanted: SessionConfig['idle'],
  latest: SessionConfig['idle'] = {},
): SessionConfig['idle'] {
  const steps = { ...wanted, ...latest };
  return Object.fromEntries(
    Object.entries(steps).map(([step, ms]) => [
      step,
      Math.min(ms, wanted[step as keyof typeof wanted] ?? ms),
    ]),
  );
}
