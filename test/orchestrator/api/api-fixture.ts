// The API over scripted sessions, with one key per role and a clock that the test moves.
import { pino } from 'pino';
import { addressOf } from '../../../src/orchestrator/api/address-of.ts';
import type { ApiServer } from '../../../src/orchestrator/api/api-server.ts';
import {
  type ApiBounds,
  type ApiSettings,
  defaultBounds,
  type MetricsSource,
  type ReadinessCheck,
} from '../../../src/orchestrator/api/options.ts';
import { createServer } from '../../../src/orchestrator/api/server.ts';
import type { TlsCertificate } from '../../../src/orchestrator/api/tls-certificate.ts';
import type { Authenticator, Principal } from '../../../src/orchestrator/auth/authenticator.ts';
import type { Observe } from '../../../src/orchestrator/foundation/observe.ts';
import { roles } from '../../../src/orchestrator/foundation/roles.ts';
import type { Tracer } from '../../../src/orchestrator/foundation/trace.ts';
import type { RequestEffect } from '../../../src/orchestrator/registry/records.ts';
import type {
  IdempotencyClaim,
  IdempotentReply,
} from '../../../src/orchestrator/registry/session-registry.ts';
import type { Files } from '../../../src/orchestrator/sessions/file-service.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { ScriptedFiles } from '../../doubles/scripted-files.ts';
import { ScriptedSessions } from '../../doubles/scripted-sessions.ts';
import { ScriptedStates } from '../../doubles/scripted-states.ts';
import { neverAsked } from '../../helpers/never-asked.ts';

type Parts = Pick<
  ApiFixture,
  'server' | 'sessions' | 'states' | 'files' | 'clock' | 'tickets' | 'replies' | 'logged'
>;

export class ApiFixture implements AsyncDisposable {
  readonly server: ApiServer;
  readonly sessions: ScriptedSessions;
  readonly states: ScriptedStates;
  /** Of every session. */
  readonly files: ScriptedFiles;
  readonly clock: FakeClock;
  readonly tickets: Map<string, { principal: Principal; sessionId: string }>;
  readonly replies: RememberedReplies;
  /** Lines of the log, as objects. */
  readonly logged: Record<string, unknown>[];

  private constructor(parts: Parts) {
    this.server = parts.server;
    this.sessions = parts.sessions;
    this.states = parts.states;
    this.files = parts.files;
    this.clock = parts.clock;
    this.tickets = parts.tickets;
    this.replies = parts.replies;
    this.logged = parts.logged;
  }

  static async open(
    options: {
      settings?: Partial<ApiSettings>;
      bounds?: Partial<ApiBounds>;
      readiness?: Record<string, ReadinessCheck>;
      overload?: { assertCalm(): void };
      metrics?: MetricsSource;
      observe?: Observe;
      certificate?: TlsCertificate;
      tracer?: Tracer;
    } = {},
  ): Promise<ApiFixture> {
    const sessions = new ScriptedSessions();
    const states = new ScriptedStates();
    const files = new ScriptedFiles();
    const clock = new FakeClock();
    const tickets = new Map<string, { principal: Principal; sessionId: string }>();
    const replies = new RememberedReplies();
    sessions.tookEffect = (effect) => replies.tookEffect(effect);
    states.tookEffect = (effect) => replies.tookEffect(effect);
    const logged: Record<string, unknown>[] = [];
    const log = pino({ level: 'debug' }, { write: (line) => void logged.push(JSON.parse(line)) });
    const server = await createServer({
      sessions,
      states,
      files: filesOf(files),
      clock,
      log,
      registry: replies,
      readiness: options.readiness ?? {},
      metrics: options.metrics ?? null,
      certificate: options.certificate ?? null,
      observe: options.observe,
      tracer: options.tracer,
      overload: options.overload ?? { assertCalm: () => {} },
      authenticator,
      logins: null,
      tenants: { ...neverAsked(), find: tenantWithoutLimits },
      tenantRemoval: neverAsked(),
      keys: neverAsked(),
      audit: { note: () => {} },
      auditRecords: neverAsked(),
      usage: neverAsked(),
      tickets: {
        issue(principal, sessionId) {
          const ticket = `ticket-${tickets.size + 1}`;
          tickets.set(ticket, { principal, sessionId });
          return { ticket, expiresAt: clock.now() + 30_000 };
        },
        redeem(ticket) {
          const found = tickets.get(ticket) ?? null;
          tickets.delete(ticket);
          return found;
        },
      },
      settings: {
        ...settings,
        ...options.settings,
        bounds: { ...defaultBounds, ...options.bounds },
      },
    });
    return new ApiFixture({ server, sessions, states, files, clock, tickets, replies, logged });
  }

  /** Listens on a free port of loopback; gives its address. */
  async listen(): Promise<string> {
    if (!this.server.server.listening) await this.server.listen({ port: 0, host: '127.0.0.1' });
    return addressOf('127.0.0.1', this.server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.close();
  }
}

function filesOf(files: ScriptedFiles): Files {
  return {
    list: (_tenant, _id, request) => files.list(request),
    status: (_tenant, _id, request) => files.status(request),
    read: (_tenant, _id, path) => files.read(path),
    write: (_tenant, _id, request, content) => files.write(request, content),
    remove: (_tenant, _id, request) => files.remove(request),
  };
}

/** The header of the key with this role, in the tenant `default`. */
export function keyOf(role: (typeof roles)[number], tenant = 'default') {
  return { authorization: `Bearer ${tenant}.${role}` };
}

function tenantWithoutLimits(tenantId: string) {
  return { tenantId, displayName: null, limits: {}, defaults: {}, egressAllow: null, createdAt: 0 };
}

/** Keys that end are tried out with the real ones, in access.test.ts. */
const authenticator: Authenticator = {
  authenticate: principalOf,
  watch: () => () => {},
};

function principalOf(authorization: string | undefined): Principal | null {
  const [tenant, name] = authorization?.replace(/^Bearer /, '').split('.') ?? [];
  const role = roles.find((known) => known === name);
  return tenant && role ? { tenant, role, keyId: `key-${role}` } : null;
}

const mebibyte = 1024 * 1024;

export const settings: Omit<ApiSettings, 'bounds'> = {
  version: '1.2.3',
  listenHost: '127.0.0.1',
  allowedHosts: ['cellar.example'],
  allowedOrigins: ['https://console.example'],
  sessionDefaults: {
    timeout: 5000,
    limits: {
      memoryBytes: 256 * mebibyte,
      cpus: 0.5,
      pids: 64,
      workspaceBytes: 64 * mebibyte,
      outputBytes: mebibyte,
    },
    persistence: { policy: 'none' },
    idle: {},
  },
  sessionMaxima: {
    timeout: 60_000,
    limits: {
      memoryBytes: 1024 * mebibyte,
      cpus: 2,
      pids: 256,
      workspaceBytes: 512 * mebibyte,
      outputBytes: 16 * mebibyte,
    },
  },
};

/** The registry's part for repeated requests, in memory; a claim can be made to look like one of a process that died. */
export class RememberedReplies {
  readonly kept = new Map<
    string,
    { hash: string; made: string | null; reply: IdempotentReply | null }
  >();
  readonly order: string[] = [];
  /** Of the claims that have no reply. */
  ownerDied = false;

  async claimIdempotencyKey(scope: string, key: string, hash: string): Promise<IdempotencyClaim> {
    const known = this.kept.get(`${scope}\n${key}`);
    if (!known) {
      this.kept.set(`${scope}\n${key}`, { hash, made: null, reply: null });
      return { outcome: 'claimed' };
    }
    if (known.hash !== hash) return { outcome: 'conflict' };
    if (known.reply) return { outcome: 'replied', reply: known.reply };
    if (!this.ownerDied) return { outcome: 'inProgress' };
    return known.made === null ? { outcome: 'claimed' } : { outcome: 'cutOff', made: known.made };
  }

  tookEffect({ scope, key, made }: RequestEffect): void {
    this.kept.get(`${scope}\n${key}`)!.made = made;
  }

  async storeIdempotentReply(scope: string, key: string, reply: IdempotentReply): Promise<void> {
    this.order.push('stored');
    this.kept.get(`${scope}\n${key}`)!.reply = reply;
  }

  async releaseIdempotencyKey(
    scope: string,
    key: string,
    { undone }: { undone: boolean },
  ): Promise<void> {
    this.order.push('released');
    if (undone || this.kept.get(`${scope}\n${key}`)!.made === null)
      this.kept.delete(`${scope}\n${key}`);
    else this.ownerDied = true;
  }

  async durable(): Promise<void> {
    this.order.push('durable');
  }
}
