// The settings of the API, from the configuration of the service.
import type { Config } from '../config/config.ts';
import type { SessionConfig, SessionLimits } from '../registry/records.ts';
import { isLoopback } from './host-check.ts';
import { type ApiSettings, defaultBounds } from './options.ts';

/** Of the files that the process may have open: for connections on which nobody has said who he is. */
const anonymousFilesShare = 0.25;

/** `filesMax`: files that the process may have open. */
export function apiSettings(config: Config, version: string, filesMax: number): ApiSettings {
  return {
    version,
    listenHost: config.host,
    allowedHosts: hostsOf(config),
    // Its own pages come from there, whatever name a proxy shows.
    allowedOrigins:
      config.publicUrl === undefined
        ? config.allowedOrigins
        : [...config.allowedOrigins, new URL(config.publicUrl).origin],
    sessionDefaults: {
      timeout: config.timeoutMs,
      limits: limitsOf(config),
      persistence: { policy: config.persistence },
      idle: idleOf(config),
    },
    sessionMaxima: {
      timeout: config.timeoutMsMax,
      limits: limitsMaxOf(config),
    },
    bounds: {
      ...defaultBounds,
      ...connectionBounds(config, filesMax),
      bodyBytesMax: config.bodyBytesMax,
      archiveDownloadsMax: config.archiveDownloadsMax,
      requestsPerMinuteMax: config.requestsPerMinuteMax,
      executionsPerMinuteMax: config.tenantExecutionsPerMinuteMax,
      failedLoginsPerMinuteMax: config.failedLoginsPerMinuteMax,
    },
  };
}

/** Where only some names are answered to, that under which browsers come is one of them. */
function hostsOf({ host, allowedHosts, publicUrl }: Config): readonly string[] {
  const isAny = allowedHosts.length === 0 && !isLoopback(host);
  return isAny || publicUrl === undefined
    ? allowedHosts
    : [...allowedHosts, new URL(publicUrl).hostname];
}

/** Of a session that asks for none. */
export function limitsOf(config: Config): SessionLimits {
  return {
    memoryBytes: config.memoryBytes,
    cpus: config.cpus,
    pids: config.pids,
    workspaceBytes: config.workspaceBytes,
    outputBytes: config.outputBytes,
  };
}

/** The most that a session may ask for. */
export function limitsMaxOf(config: Config): SessionLimits {
  return {
    memoryBytes: config.memoryBytesMax,
    cpus: config.cpusMax,
    pids: config.pidsMax,
    workspaceBytes: config.workspaceBytesMax,
    outputBytes: config.outputBytesMax,
  };
}

function idleOf(config: Config): SessionConfig['idle'] {
  const { pauseAfterMs, hibernateAfterMs, expireAfterMs } = config;
  return {
    ...(pauseAfterMs > 0 ? { pauseAfterMs } : {}),
    ...(hibernateAfterMs > 0 ? { hibernateAfterMs } : {}),
    ...(expireAfterMs > 0 ? { expireAfterMs } : {}),
  };
}

/** `filesMax`: that the process may have open. */
function connectionBounds(config: Config, filesMax: number) {
  return {
    outgoingBytesMax: config.outgoingBytesMax,
    outgoingBytesTotalMax: config.outgoingBytesTotalMax,
    liveConnectionsPerSessionMax: config.liveConnectionsPerSessionMax,
    tenantLiveConnectionsMax: config.tenantLiveConnectionsMax ?? config.liveConnectionsMax,
    liveConnectionsMax: config.liveConnectionsMax,
    eventStreamsPerSessionMax: config.eventStreamsPerSessionMax,
    tenantEventStreamsMax: config.tenantEventStreamsMax ?? config.eventStreamsMax,
    eventStreamsMax: config.eventStreamsMax,
    tenantRequestsMax: config.tenantRequestsMax ?? config.requestsMax,
    requestsMax: config.requestsMax,
    tcpConnectionsMax: config.tcpConnectionsMax,
    // Those who prove nothing must not use up what the others need.
    anonymousConnectionsMax: Math.min(
      config.anonymousConnectionsMax,
      Math.floor(filesMax * anonymousFilesShare),
    ),
  };
}
