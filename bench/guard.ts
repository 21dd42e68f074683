// What it costs that every request says who asks, and that the audit log says who asked: the two alone, with the real registry on a disk, beside an
// execution over HTTP of which they are a part.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuditLog } from '../src/orchestrator/audit/audit-log.ts';
import { KeyRing } from '../src/orchestrator/auth/key-ring.ts';
import { hashOf, newKeyText } from '../src/orchestrator/auth/key-text.ts';
import { systemClock } from '../src/orchestrator/foundation/clock.ts';
import { createLog } from '../src/orchestrator/foundation/log.ts';
import type { Observe } from '../src/orchestrator/foundation/observe.ts';
import { SqliteRegistry } from '../src/orchestrator/registry/sqlite/sqlite-registry.ts';
import { startService } from '../test/helpers/start-service.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { type Findings, verdict } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { summarise } from './support/statistics.ts';

const perTurn = 100;
const keysCount = 1000;
const limitShare = 0.1;
const dayMs = 24 * 60 * 60 * 1000;

/** The parts of the service that look at who asks, on a registry of their own. */
class Guard implements AsyncDisposable {
  readonly #directory: string;
  readonly #registry: SqliteRegistry;
  readonly #audit: AuditLog;
  readonly #ring: KeyRing;
  readonly #header: string;
  readonly #written: { resolve: () => void };

  private constructor(parts: {
    directory: string;
    registry: SqliteRegistry;
    audit: AuditLog;
    written: { resolve: () => void };
  }) {
    this.#directory = parts.directory;
    this.#registry = parts.registry;
    this.#audit = parts.audit;
    this.#written = parts.written;
    this.#ring = new KeyRing({ keyId: 'key-root', hash: hashOf('none') }, systemClock);
    let text = '';
    for (let i = 0; i < keysCount; i++) {
      const key = newKeyText();
      text = key.text;
      this.#ring.set({
        keyId: `key-${i}`,
        tenant: 'default',
        role: 'developer',
        prefix: key.prefix,
        secretHash: hashOf(key.secret).toString('hex'),
        expiresAt: null,
      });
    }
    this.#header = `Bearer ${text}`;
  }

  static async open(): Promise<Guard> {
    const directory = await mkdtemp(join(tmpdir(), 'cellar-guard-'));
    const registry = await SqliteRegistry.open({
      directory,
      clock: systemClock,
      idempotencyMs: dayMs,
    });
    const written = { resolve: () => {} };
    const observe: Observe = ({ type }) => {
      if (type === 'auditWritten') written.resolve();
    };
    const audit = new AuditLog({
      registry: registry.audit,
      clock: systemClock,
      log: createLog('silent'),
      keepMs: dayMs,
      recordsMax: 1_000_000,
      observe,
    });
    await audit.open();
    return new Guard({ directory, registry, audit, written });
  }

  authenticate(): void {
    if (this.#ring.authenticate(this.#header) === null) throw new Error('the key opens nothing');
  }

  /** Resolves when the record is written. */
  async note(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#written.resolve = resolve;
    this.#audit.note({
      tenant: 'default',
      keyId: 'key-1',
      role: 'developer',
      address: '127.0.0.1',
      requestId: 'req-0a0wf52dbka2fnad41x27xcr9s',
      action: 'execute',
      target: '/api/sessions/ses-0a0wf52dbka2fnad41x27xcr9s/execute',
      made: null,
      status: 200,
      code: null,
    });
    await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#audit[Symbol.asyncDispose]();
    await this.#registry.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

await runBenchmark({
  name: 'guard',
  title: 'Who asks, and who asked',
  rounds: 20,
  secondsMax: 40,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  run.progress('starting a service');
  await using owned = new AsyncDisposableStack();
  const service = owned.use(await startService({ CELLAR_LOG_LEVEL: 'info' }));
  const client = owned.use(new ServiceClient(service.url, service.key));
  const { id } = await client.createSession();
  const guard = owned.use(await Guard.open());

  const samples = {
    executing: [] as number[],
    authenticating: [] as number[],
    noting: [] as number[],
  };
  const oneTurn = async () => {
    for (let i = 0; i < perTurn; i++) {
      samples.executing.push(await msOf(() => client.execute(id)));
      samples.authenticating.push(await msOf(async () => guard.authenticate()));
      samples.noting.push(await msOf(() => guard.note()));
    }
  };
  run.progress('warming up');
  for (let turn = 0; turn < 3; turn++) await oneTurn();
  for (const each of Object.values(samples)) each.length = 0;
  for (const _round of run.rounds()) {
    run.signal.throwIfAborted();
    await oneTurn();
  }

  const executing = summarise(samples.executing);
  const authenticating = summarise(samples.authenticating);
  const noting = summarise(samples.noting);
  const row = (name: string, { p50, p90, p99, count }: typeof executing) => [
    name,
    p50,
    p90,
    p99,
    String(count),
  ];
  return {
    verdicts: [
      verdict(
        'authentication and audit, of an execution over HTTP',
        (authenticating.p50 + noting.p50) / executing.p50,
        limitShare,
        '×',
      ),
    ],
    tables: [
      {
        title: 'Milliseconds',
        columns: ['', 'p50', 'p90', 'p99', 'samples'],
        rows: [
          row('execution over HTTP', executing),
          row('authentication', authenticating),
          row('audit record, written', noting),
        ],
      },
    ],
    notes: [
      `The authentication is one of ${keysCount} keys. The audit record is chained and written alone, in a transaction of its own; a service that is busy writes many in one.`,
      'Nobody waits for the audit record: an answer goes out before it.',
    ],
  };
}

async function msOf(once: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await once();
  return performance.now() - begun;
}
