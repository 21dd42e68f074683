// The API with real tenants, keys, sessions and snapshots; only the sandboxes are played.
import { rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { KeyService } from '../../src/orchestrator/access/keys.ts';
import { openSignOn, type SignOn } from '../../src/orchestrator/access/open-sign-on.ts';
import { TenantRemoval } from '../../src/orchestrator/access/tenant-removal.ts';
import { TenantDirectory } from '../../src/orchestrator/access/tenants.ts';
import { budgetOf } from '../../src/orchestrator/admission/budget.ts';
import type { ApiServer } from '../../src/orchestrator/api/api-server.ts';
import { type ApiBounds, defaultBounds } from '../../src/orchestrator/api/options.ts';
import { createServer } from '../../src/orchestrator/api/server.ts';
import { AuditLog } from '../../src/orchestrator/audit/audit-log.ts';
import { KeyRing } from '../../src/orchestrator/auth/key-ring.ts';
import { hashOf } from '../../src/orchestrator/auth/key-text.ts';
import { Tickets } from '../../src/orchestrator/auth/tickets.ts';
import { loadConfig } from '../../src/orchestrator/config/load-config.ts';
import { createLog } from '../../src/orchestrator/foundation/log.ts';
import type { ServiceEvent } from '../../src/orchestrator/foundation/observe.ts';
import { type Role, roles } from '../../src/orchestrator/foundation/roles.ts';
import { UsageMeter } from '../../src/orchestrator/usage/usage-meter.ts';
import { UsageReport } from '../../src/orchestrator/usage/usage-report.ts';
import { settings } from '../orchestrator/api/api-fixture.ts';
import { LiveClient } from './live-client.ts';
import { type SessionWorld, sessionWorld } from './session-manager.ts';

const log = createLog('silent');

/** Enough for what any of the tests does. */
const host = { memoryBytes: 2 ** 40, cpus: 1000 };

export type Answer = { status: number; body: any; text: string; headers: Record<string, unknown> };

type Parts = Pick<
  AccessWorld,
  'world' | 'server' | 'keys' | 'removal' | 'audit' | 'meter' | 'events' | 'signOn'
>;

export class AccessWorld implements AsyncDisposable {
  /** The administrator’s first key. */
  readonly root = 'root-key-0123456789';
  readonly world: SessionWorld;
  readonly server: ApiServer;
  readonly keys: KeyService;
  readonly removal: TenantRemoval;
  readonly audit: AuditLog;
  /** Told of by the tests: nothing is measured. */
  readonly meter: UsageMeter;
  /** What its parts told of their work. */
  readonly events: ServiceEvent[];
  readonly signOn: SignOn;
  readonly #clients: LiveClient[] = [];

  private constructor(parts: Parts) {
    this.world = parts.world;
    this.server = parts.server;
    this.keys = parts.keys;
    this.removal = parts.removal;
    this.audit = parts.audit;
    this.meter = parts.meter;
    this.events = parts.events;
    this.signOn = parts.signOn;
  }

  /** `environment`: of the settings for signing on. */
  static async open(
    bounds: { tenantsMax?: number; keysPerTenantMax?: number } & Partial<ApiBounds> = {},
    environment: Readonly<Record<string, string>> = {},
  ) {
    const known: { tenants?: TenantDirectory } = {};
    const unbounded = { sessionsMax: 100, memoryOvercommit: 1, cpuOvercommit: 1 };
    const budget = budgetOf(unbounded, host, (id) => known.tenants?.limitsOf(id) ?? {});
    const world = await sessionWorld({}, budget);
    const { registry, clock, manager } = world;
    const bootstrap = { keyId: 'key-root', hash: hashOf('root-key-0123456789') };
    const ring = new KeyRing(bootstrap, clock);
    const access = {
      registry: registry.access,
      durable: () => registry.durable(),
      ring,
      tenantsMax: 20,
      egressChanged: () => {},
      keysPerTenantMax: 20,
      clock,
      log,
      ...bounds,
    };
    const tenants = new TenantDirectory(access);
    known.tenants = tenants;
    const keys = new KeyService(access);
    await tenants.open();
    await keys.open();
    const config = await loadConfig(environment, world.directory);
    const signOn = await openSignOn(config, { ...access, facts: registry, tenants });
    const { authenticator, logins } = signOn;
    const events: ServiceEvent[] = [];
    const removal = new TenantRemoval({
      ...access,
      ring: authenticator,
      tenants,
      sessions: manager,
      states: manager.states,
    });
    const audit = new AuditLog({
      registry: registry.audit,
      keepMs: 1e10,
      recordsMax: 1e6,
      clock,
      log,
    });
    await audit.open();
    const meter = new UsageMeter({
      registry: registry.usage,
      groups: { read: () => null },
      engine: () => Promise.reject(new Error('there are no containers')),
      intervalMs: 10_000,
      clock,
      log,
    });
    const server = await createServer({
      usage: new UsageReport({ registry: registry.usage, meter, clock }),
      sessions: manager,
      states: manager.states,
      files: manager.files,
      authenticator,
      logins,
      tenants,
      tenantRemoval: removal,
      keys,
      audit,
      auditRecords: registry.audit,
      tickets: new Tickets(clock),
      registry,
      overload: { assertCalm: () => {} },
      readiness: {},
      metrics: { token: null, read: async () => ({ contentType: 'text/plain', text: '' }) },
      settings: {
        ...settings,
        allowedHosts: config.publicUrl === undefined ? [] : [new URL(config.publicUrl).hostname],
        bounds: { ...defaultBounds, failedLoginsPerMinuteMax: 10_000, ...bounds },
      },
      observe: (event) => void events.push(event),
      log,
      clock,
    });
    return new AccessWorld({ world, server, keys, removal, audit, meter, events, signOn });
  }

  /** One request with a key. */
  async ask(
    key: string | undefined,
    method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE' | 'PATCH',
    url: string,
    body?: object | string,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const reply = await this.server.inject({
      method,
      url,
      headers: { ...(key === undefined ? {} : { authorization: `Bearer ${key}` }), ...headers },
      ...(body === undefined ? {} : { payload: body }),
    });
    const isJson = /json/.test(String(reply.headers['content-type'])) && reply.body !== '';
    return {
      status: reply.statusCode,
      headers: reply.headers,
      text: reply.body,
      body: isJson ? reply.json() : null,
    };
  }

  /** A new tenant, and the text of a key for each role. */
  async tenant(id: string, settings: object = {}): Promise<Record<Role, string>> {
    await this.#made('/api/tenants', { id, ...settings });
    const texts: [Role, string][] = [];
    for (const role of roles)
      texts.push([role, (await this.#made('/api/keys', { tenant: id, role })).key]);
    return Object.fromEntries(texts) as Record<Role, string>;
  }

  /** Which key a text is of. */
  async idOf(text: string): Promise<string> {
    return (await this.ask(text, 'GET', '/api/whoami')).body.keyId;
  }

  /** `http://…` */
  async listen(): Promise<string> {
    if (!this.server.server.listening) await this.server.listen({ port: 0, host: '127.0.0.1' });
    return `http://127.0.0.1:${(this.server.server.address() as AddressInfo).port}`;
  }

  async live(
    key: string | undefined,
    session: string,
    headers: Record<string, string> = {},
    protocols: string[] = [],
  ): Promise<LiveClient> {
    const url = `${(await this.listen()).replace('http', 'ws')}/api/sessions/${session}/live`;
    const shown = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const client = await LiveClient.open(url, { ...shown, ...headers }, protocols);
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    const closing = this.server.close();
    await this.world.manager.stop();
    await closing;
    await this.keys[Symbol.asyncDispose]();
    await this.signOn[Symbol.asyncDispose]();
    await this.audit[Symbol.asyncDispose]();
    await this.world.registry.close();
    await rm(this.world.directory, { recursive: true, force: true });
  }

  async #made(url: string, body: object): Promise<any> {
    const answer = await this.ask(this.root, 'POST', url, body);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body;
  }
}
