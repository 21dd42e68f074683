// The composition root: it chooses the implementations. Everything below is handed its collaborators.
import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { KeyService } from './access/keys.ts';
import { openSignOn } from './access/open-sign-on.ts';
import { TenantRemoval } from './access/tenant-removal.ts';
import { TenantDirectory } from './access/tenants.ts';
import { Admission } from './admission/admission.ts';
import { budgetOf, startsAtOnceOn } from './admission/budget.ts';
import { addressOf } from './api/address-of.ts';
import { isLoopback } from './api/host-check.ts';
import { MetricsListener } from './api/metrics-server.ts';
import { createServer } from './api/server.ts';
import { apiSettings, limitsMaxOf, limitsOf } from './api/settings.ts';
import { openCertificate } from './api/tls-certificate.ts';
import { AuditLog } from './audit/audit-log.ts';
import { openBootstrapKey } from './auth/bootstrap-key.ts';
import { KeyRing } from './auth/key-ring.ts';
import { Tickets } from './auth/tickets.ts';
import type { Config } from './config/config.ts';
import { readCertificates } from './egress/certificates.ts';
import { egressHost } from './egress/egress-host.ts';
import { egressObserver } from './egress/egress-observer.ts';
import { systemClock } from './foundation/clock.ts';
import type { Log } from './foundation/log.ts';
import type { ServiceEvent } from './foundation/observe.ts';
import { readVersion } from './foundation/version.ts';
import { ControlGroups } from './metrics/control-groups.ts';
import { Metrics } from './metrics/metrics.ts';
import { openStore } from './open-store.ts';
import { openTraces } from './open-traces.ts';
import { loadMeter, openFilesMax } from './overload/measure-load.ts';
import { OverloadWatch } from './overload/overload-watch.ts';
import { PooledSource } from './pool/pooled-source.ts';
import { WarmPool } from './pool/warm-pool.ts';
import { instanceIdOf } from './registry/instance-id.ts';
import type { SessionRegistry } from './registry/session-registry.ts';
import { SqliteRegistry } from './registry/sqlite/sqlite-registry.ts';
import { dockerConnection } from './runtimes/docker/docker-connection.ts';
import { DockerRuntime } from './runtimes/docker/docker-runtime.ts';
import type { Runtime } from './runtimes/runtime.ts';
import { chooseRuntime } from './sandbox/choose-runtime.ts';
import { DirectSource } from './sandbox/direct-source.ts';
import { ExitWatch } from './sandbox/exit-watch.ts';
import { defaultAllowances } from './sandbox/hardening.ts';
import { Reconciler } from './sandbox/reconciler.ts';
import type { SandboxSource } from './sandbox/sandbox-source.ts';
import { loadSeccompProfile } from './sandbox/seccomp-profile.ts';
import { UidPool } from './sandbox/uid-pool.ts';
import { untraced } from './sandbox/untraced.ts';
import { Retention } from './sessions/retention.ts';
import { SessionManager } from './sessions/session-manager.ts';
import type { SessionService } from './sessions/session-service.ts';
import { SnapshotCleaner } from './sessions/snapshot-cleaner.ts';
import { Snapshots } from './sessions/snapshots.ts';
import type { States } from './sessions/state-service.ts';
import { StoredSessions } from './sessions/stored-sessions.ts';
import { ObservedStore } from './snapshots/observed-store.ts';
import type { SnapshotStore } from './snapshots/snapshot-store.ts';
import { hostOf } from './surroundings.ts';
import { openUsage } from './usage/open-usage.ts';

export type Service = {
  /** An API key that was just made, to be shown once; null when there was one already. */
  readonly createdKey: string | null;
  /** Starts to listen; gives the address as a URL. */
  listen(): Promise<string>;
  /** Where the metrics are, where they have an address of their own; null before `listen` too. */
  readonly metricsAddress: string | null;
  /** Reads anew what is read from files while it runs. */
  reload(): Promise<void>;
  /** Ends what is under way as far as `drainMsMax` allows. Sandboxes stay for the next process. */
  stop(): Promise<void>;
};

/** Each puts something around a part before the others are handed it. */
export type Decorators = {
  readonly registry: (registry: SessionRegistry) => SessionRegistry;
  readonly runtime: (runtime: Runtime) => Runtime;
  readonly source: (source: SandboxSource) => SandboxSource;
  readonly store: (store: SnapshotStore) => SnapshotStore;
  readonly sessions: (sessions: SessionService) => SessionService;
  readonly states: (states: States) => States;
};

const undecorated: Decorators = {
  registry: (registry) => registry,
  runtime: (runtime) => runtime,
  source: (source) => source,
  store: (store) => store,
  sessions: (sessions) => sessions,
  states: (states) => states,
};

const dayMs = 24 * 60 * 60 * 1000;
const clock = systemClock;
/** Of the files that the process may have open: the rest is for ending what is under way. */
const openFilesShare = 0.9;
/** For a first look at the containers; sessions that live in some wait for it. */
const surveyMsMax = 5_000;

/** Opens the registry, takes over what an earlier process left, and makes the server. Throws StartError. */
export async function assemble(
  config: Config,
  log: Log,
  decorate: Decorators = undecorated,
): Promise<Service> {
  const groups = new ControlGroups(config.controlGroupsDir);
  const version = await readVersion();
  const traced = config.tracesEndpoint !== undefined;
  const metrics = new Metrics({ version, groups, traced, clock, log });
  const opened = await SqliteRegistry.open({
    directory: config.dataDir,
    clock,
    observe: metrics.observe,
    idempotencyMs: config.idempotencyMs,
  });
  const registry = decorate.registry(opened);
  const runtime = decorate.runtime(new DockerRuntime(dockerConnection(config.dockerHost)));
  const usage = await openUsage({
    registry: opened.usage,
    groups,
    engine: (runtimeId, signal) => runtime.usage(runtimeId, signal),
    intervalMs: config.usageIntervalMs,
    tenantMs: config.usageDays * dayMs,
    sessionMs: config.usageSessionDays * dayMs,
    clock,
    log,
  });
  const observe = (event: ServiceEvent) => {
    metrics.observe(event);
    usage.meter.observe(event);
  };
  const certificate = await openCertificate(config, clock, log);
  const { key, created } = await openBootstrapKey({
    configured: config.apiKey,
    facts: registry,
    mayCreate: isLoopback(config.host),
  });
  const ring = new KeyRing(key, clock);
  const access = { registry: opened.access, durable: () => registry.durable(), ring, clock, log };
  const audit = new AuditLog({
    registry: opened.audit,
    keepMs: config.auditDays * dayMs,
    recordsMax: config.auditRecordsMax,
    observe,
    clock,
    log,
  });
  await audit.open();
  const egress = egressHost({
    privateAllow: config.egressPrivateAllow,
    dnsServers: config.egressDnsServers,
    limits: {
      connectionsMax: config.egressConnectionsMax,
      idleMsMax: config.egressIdleMsMax,
      totalMsMax: config.egressTotalMsMax,
    },
    observer: egressObserver({ log, observe }),
    clock,
    log,
  });
  const tenants = new TenantDirectory({
    ...access,
    tenantsMax: config.tenantsMax,
    egressChanged: () => {
      for (const proxy of egress.proxies) proxy.review();
    },
  });
  await tenants.open();
  const keys = new KeyService({ ...access, keysPerTenantMax: config.keysPerTenantMax });
  await keys.open();
  const signOn = await openSignOn(config, { ...access, facts: registry, tenants });
  const instanceId = await instanceIdOf(registry);
  const tracing = await openTraces(config, { version, instanceId, observe, log });
  const tracer = tracing?.tracer;
  const runDirectory = join(config.dataDir, 'run');
  const exits = new ExitWatch({ runtime, instanceId, clock, log });
  const owned = new Set<string>();
  const uids = new UidPool({ first: config.uidFirst, count: config.uidCount }, randomInt(2 ** 31));
  for (const { uid, sandboxId } of await registry.sandboxes()) uids.claim(uid, sandboxId);
  const direct = new DirectSource({
    host: {
      runtime,
      lastLook: (runtimeId) => usage.meter.end(runtimeId),
      exits,
      policy: {
        instanceId,
        image: config.sandboxImage,
        seccompProfile: loadSeccompProfile(),
        ...defaultAllowances,
      },
      egress,
      owned,
      running: new Set(),
      runDirectory,
      readyMsMax: config.sandboxStartMsMax,
      awayMsMax: config.linkLossMsMax,
      observe,
      tracer,
      clock,
      log,
    },
    uids,
    runtimeName: config.runtime,
  });
  const limits = limitsOf(config);
  direct.runtimeName = await chooseRuntime({
    ...config,
    engine: runtime,
    trial: (name, signal) => direct.tryRuntime(name, limits, signal),
    log,
  });
  const budget = budgetOf(config, hostOf(), (tenant) => tenants.limitsOf(tenant));
  const admission = new Admission({
    limits: budget,
    observe,
    startsAtOnceMax: config.startsAtOnceMax ?? startsAtOnceOn(hostOf(), config),
    tracer,
    waitMsMax: config.admissionMsMax,
    waitingMax: config.admissionWaitingMax,
    waitingPerTenantMax: config.tenantAdmissionWaitingMax,
    clock,
    log,
  });
  const pool =
    config.poolMin === 0
      ? null
      : new WarmPool({
          source: tracer === undefined ? direct : untraced(direct, tracer),
          image: (signal) => runtime.imageIdentity(config.sandboxImage, signal),
          limits,
          floor: config.poolMin,
          ceiling: config.poolMax,
          memoryBytesLeft: () => admission.memoryBytesLeft,
          startsAtOnceMax: config.poolStartsAtOnceMax,
          startMsMax: config.sandboxStartMsMax,
          ageMsMax: config.poolAgeMsMax,
          clock,
          log,
        });
  const source = decorate.source(pool === null ? direct : new PooledSource({ direct, pool, log }));
  const storage = await openStore(config, instanceId, clock);
  const store = new ObservedStore({ store: decorate.store(storage), clock, observe });
  const snapshots = new Snapshots({ ...config, store, registry, observe, clock, log });
  await snapshots.sweep();
  const retention = new Retention({
    registry,
    snapshots,
    clock,
    keepDefault: config.persistenceKeep,
  });
  const sessions = new SessionManager({
    registry,
    source,
    snapshots,
    admission,
    stored: new StoredSessions(config.sessionsStoredMax),
    retention,
    observe,
    tracer,
    egressAllowOf: (tenant) => tenants.egressAllowOf(tenant),
    certificates:
      config.egressCaFile === undefined ? null : await readCertificates(config.egressCaFile),
    clock,
    log,
    // What is tried out may have been made under any limits, but the machine need not have the most CPUs that may be asked for.
    limits: { ...config, trial: { ...limitsMaxOf(config), cpus: config.cpus } },
  });
  const reconciler = new Reconciler({
    runtime,
    instanceId,
    runDirectory,
    owned: async () => new Set([...sessions.sandboxIds(), ...owned]),
    uids,
    observe,
    clock,
    log,
    intervalMs: config.reconcileIntervalMs,
    graceMs: config.orphanGraceMs,
    dryRun: false,
  });
  await reconciler.survey(AbortSignal.timeout(surveyMsMax)).catch((error: unknown) => {
    log.warn({ err: error }, 'the container engine does not answer yet');
  });
  observe({ type: 'sessionsFound', counts: await registry.countSessionsByState() });
  await sessions.recover();
  reconciler.start();
  pool?.open();
  const cleaner = new SnapshotCleaner({
    retention,
    store,
    clock,
    log,
    intervalMs: config.snapshotCleaningMs,
    graceMs: config.orphanGraceMs,
  });
  cleaner.start();
  const filesMax = await openFilesMax();
  const overload = new OverloadWatch({
    limits: {
      loopDelayMs: config.loopDelayMsMax,
      residentBytes: config.processMemoryBytesMax,
      openFiles: filesMax * openFilesShare,
    },
    measure: loadMeter(),
    clock,
    log,
  });
  const tenantRemoval = new TenantRemoval({
    ...access,
    ring: signOn.authenticator,
    tenants,
    sessions,
    states: sessions.states,
  });
  metrics.attach({
    certificate,
    dataDirectory: config.dataDir,
    sandboxes: direct,
    admission,
    room: budget.service,
    pool,
    overload,
  });
  const parts = {
    metrics: metrics.withToken(config.metricsToken ?? null),
    authenticator: signOn.authenticator,
    overload,
    observe,
    tracer,
    settings: apiSettings(config, version, filesMax),
    log,
    clock,
  };
  const collected = await MetricsListener.make(parts, config.metricsHost, config.metricsPort);
  const server = await createServer({
    ...parts,
    certificate,
    metrics: collected === null ? parts.metrics : null,
    sessions: decorate.sessions(sessions),
    states: decorate.states(sessions.states),
    files: sessions.files,
    tenants,
    tenantRemoval,
    keys,
    audit,
    auditRecords: opened.audit,
    usage: usage.report,
    logins: signOn.logins,
    tickets: new Tickets(clock),
    registry,
    readiness: {
      engine: (signal) => runtime.info(signal),
      registry: () => registry.check(),
      store: (signal) => store.check(signal),
      load: async () => overload.assertCalm(),
    },
  });
  overload.start();
  const stopping = new AbortController();
  const removals = tenantRemoval.finish(stopping.signal);

  return {
    createdKey: created,
    async listen() {
      await server.listen({ host: config.host, port: config.port });
      await collected?.listen();
      return addressOf(config.host, server);
    },
    get metricsAddress() {
      return collected?.address ?? null;
    },
    async reload() {
      await certificate?.reload();
    },
    async stop() {
      stopping.abort();
      const drained = Promise.all([removals, sessions.stop(), server.close()]);
      const deadline = Promise.withResolvers<void>();
      const cancel = clock.after(config.drainMsMax, deadline.resolve);
      await Promise.race([drained, deadline.promise]);
      cancel();
      await collected?.[Symbol.asyncDispose]();
      certificate?.[Symbol.dispose]();
      overload[Symbol.dispose]();
      await pool?.[Symbol.asyncDispose]();
      await reconciler[Symbol.asyncDispose]();
      await cleaner[Symbol.asyncDispose]();
      await exits[Symbol.asyncDispose]();
      await keys[Symbol.asyncDispose]();
      await signOn[Symbol.asyncDispose]();
      await usage[Symbol.asyncDispose]();
      await audit[Symbol.asyncDispose]();
      await registry.close();
      await tracing?.stop();
    },
  };
}
