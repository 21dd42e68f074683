// What the API is built from: its collaborators by name, its settings, and the sizes and times it keeps to.
import { limits } from '#protocol';
import type { BrowserLogins } from '../access/browser-logins.ts';
import type { Keys } from '../access/keys.ts';
import type { TenantRemoval } from '../access/tenant-removal.ts';
import type { Tenants } from '../access/tenants.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Tickets } from '../auth/tickets.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Watched } from '../foundation/trace.ts';
import type { AuditRegistry } from '../registry/audit-registry.ts';
import type { SessionConfig, SessionLimits } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import type { Files } from '../sessions/file-service.ts';
import type { SessionService } from '../sessions/session-service.ts';
import type { States } from '../sessions/state-service.ts';
import type { Usage } from '../usage/usage-report.ts';
import type { TlsCertificate } from './tls-certificate.ts';

export type SessionDefaults = Pick<SessionConfig, 'timeout' | 'limits' | 'persistence' | 'idle'>;

export type SessionMaxima = {
  readonly timeout: number;
  readonly limits: SessionLimits;
  /** The policies that may be asked for; all without it. */
  readonly persistence?: readonly SessionConfig['persistence']['policy'][];
  /** Steps that must be taken after that time at the latest. */
  readonly idle?: SessionConfig['idle'];
};

export type ApiSettings = {
  /** Of this program, for `/api/version`. */
  readonly version: string;
  /** The address the service listens on; on a loopback one the Host header is checked. */
  readonly listenHost: string;
  /** Further host names the service answers to. */
  readonly allowedHosts: readonly string[];
  /** Origins of other pages that may open a live connection: `https://example.org`. */
  readonly allowedOrigins: readonly string[];
  /** What a new session gets where its request is silent. */
  readonly sessionDefaults: SessionDefaults;
  readonly sessionMaxima: SessionMaxima;
  readonly bounds: ApiBounds;
};

/** Times in ms, sizes in bytes. */
export type ApiBounds = {
  /** A request that needs a container: create, configure, delete. */
  readonly changeMsMax: number;
  /** A request that moves a whole state or file: snapshot, rollback, restart, hibernate, import, archive, files; and to take any body in. */
  readonly transferMsMax: number;
  /** A question to the live session: variables, inspect. */
  readonly questionMsMax: number;
  /** `includeState` waits this long for an engine that is busy. */
  readonly stateMsMax: number;
  /** A synchronous execute waits this long beyond the execution's own time limit, for its turn in the queue. */
  readonly queueWaitMsMax: number;
  readonly readinessMsMax: number;
  /** Between pings on a live connection and comments on an event stream; two without an answer end a connection. */
  readonly heartbeatMs: number;
  readonly metricsIntervalMs: number;
  /** Unsent bytes for one client, past which it is too slow. */
  readonly outgoingBytesMax: number;
  /** Of all clients together; past it those with the most are dropped. */
  readonly outgoingBytesTotalMax: number;
  readonly bodyBytesMax: number;
  /**
   * An execute request, or any live message. JSON is never longer when it is written again, so what passes also fits one line of the
   * link to the sandbox.
   */
  readonly executeBytesMax: number;
  /** Requests of one live connection that are under way at a time; reading stops until one is done. */
  readonly liveRequestsMax: number;
  readonly liveMessagesPerSecondMax: number;
  readonly liveConnectionsPerSessionMax: number;
  readonly tenantLiveConnectionsMax: number;
  readonly liveConnectionsMax: number;
  readonly eventStreamsPerSessionMax: number;
  readonly tenantEventStreamsMax: number;
  readonly eventStreamsMax: number;
  /** Requests under way that begin new work; and as many others. */
  readonly tenantRequestsMax: number;
  readonly requestsMax: number;
  readonly tcpConnectionsMax: number;
  /** Without a byte read or written, unless a reply is waited for. */
  readonly idleMsMax: number;
  /** Connections over which no request with a valid key has come yet. */
  readonly anonymousConnectionsMax: number;
  readonly archiveDownloadsMax: number;
  /** With each key; without it as many as come. */
  readonly requestsPerMinuteMax?: number | undefined;
  /** Of each tenant; without it as many as come. */
  readonly executionsPerMinuteMax?: number | undefined;
  /** From each address. */
  readonly failedLoginsPerMinuteMax: number;
};

export const defaultBounds: ApiBounds = {
  changeMsMax: 60_000,
  transferMsMax: 600_000,
  questionMsMax: 10_000,
  stateMsMax: 2_000,
  queueWaitMsMax: 600_000,
  readinessMsMax: 5_000,
  heartbeatMs: 20_000,
  metricsIntervalMs: 1_000,
  outgoingBytesMax: 16 * 1024 * 1024,
  outgoingBytesTotalMax: 256 * 1024 * 1024,
  bodyBytesMax: 1024 * 1024,
  executeBytesMax: limits.lineBytesMax - 16 * 1024,
  liveRequestsMax: 64,
  liveMessagesPerSecondMax: 5_000,
  liveConnectionsPerSessionMax: 64,
  tenantLiveConnectionsMax: 5000,
  liveConnectionsMax: 5000,
  eventStreamsPerSessionMax: 64,
  tenantEventStreamsMax: 2000,
  eventStreamsMax: 2000,
  tenantRequestsMax: 4000,
  requestsMax: 4000,
  tcpConnectionsMax: 10_000,
  idleMsMax: 120_000,
  anonymousConnectionsMax: 1000,
  archiveDownloadsMax: 16,
  failedLoginsPerMinuteMax: 60,
};

/** Answers whether a part of the service works; throws when it does not. */
export type ReadinessCheck = (signal: AbortSignal) => Promise<unknown>;

/** The part of the registry that keeps replies for repeated requests. */
export type IdempotencyStore = Pick<
  SessionRegistry,
  'claimIdempotencyKey' | 'storeIdempotentReply' | 'releaseIdempotencyKey' | 'durable'
>;

/** Where the figures of the service come from. */
export type MetricsSource = {
  /** OpenMetrics where they are to be had, else text. */
  read(
    format: 'text' | 'openMetrics',
  ): Promise<{ readonly contentType: string; readonly text: string }>;
  /** It opens them and nothing else; null where there is none. */
  readonly token: string | null;
};

export type ApiParts = Watched & {
  readonly sessions: SessionService;
  readonly states: States;
  readonly files: Files;
  readonly authenticator: Authenticator;
  /** Null: nobody can log in with a browser. */
  readonly logins: Pick<
    BrowserLogins,
    'publicUrl' | 'authenticate' | 'begin' | 'finish' | 'end'
  > | null;
  readonly tenants: Tenants;
  readonly tenantRemoval: Pick<TenantRemoval, 'remove'>;
  readonly keys: Keys;
  readonly audit: Pick<AuditLog, 'note'>;
  readonly auditRecords: Pick<AuditRegistry, 'list'>;
  readonly usage: Usage;
  /** `assertCalm` throws while the process has too much to do for new work. */
  readonly overload: { assertCalm(): void };
  readonly tickets: Pick<Tickets, 'issue' | 'redeem'>;
  readonly registry: IdempotencyStore;
  /** By name, as `/readyz` lists them. */
  readonly readiness: Readonly<Record<string, ReadinessCheck>>;
  /** Null: clients speak plain HTTP with it. */
  readonly certificate?: TlsCertificate | null;
  /** Null: they are not served here. */
  readonly metrics: MetricsSource | null;
  readonly settings: ApiSettings;
  readonly log: Log;
  readonly clock: Clock;
};
