// How long the least execution takes, `1+1` there and back, beside a bare HTTP/2 echo through the same kind of socket into
// the same kind of container, and beside a Jupyter kernel. Participants take turns, so that noise hits all alike.
import { access, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Service, startService } from '../test/helpers/start-service.ts';
import { BareContainer, type BareContainerOptions, templateOf } from './support/bare-container.ts';
import { BareSession } from './support/bare-session.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { DiskSync } from './support/disk-sync.ts';
import { JupyterKernel, jupyterMissing } from './support/jupyter.ts';
import { connectEngine } from './support/machine.ts';
import { type Findings, type Verdict, verdict } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { summarise } from './support/statistics.ts';

const echoScript = join(import.meta.dirname, 'support/echo-agent.mts');
/** A file system without a disk, on Linux. */
const memoryDirectory = '/dev/shm';
const environment = { CELLAR_LOG_LEVEL: 'info', CELLAR_POOL_MIN: '0' };
const perTurn = 50;
/** Enough for the compilers on all sides to have seen the path. */
const warmUpTurns = 10;

/** One of those that take turns. */
type Participant = {
  readonly name: string;
  readonly samplesMs: number[];
  /** Milliseconds of each of so many round trips, one after another. */
  readonly take: (count: number) => Promise<readonly number[]>;
};

await runBenchmark({
  name: 'execute',
  title: 'Round trip of a trivial execution',
  rounds: 30,
  secondsMax: 90,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  run.progress('starting services, an echo container and a Jupyter kernel');
  await using owned = new AsyncDisposableStack();
  const service = owned.use(await startService(environment));
  const client = owned.use(new ServiceClient(service.url, service.key));
  const model = await client.createSession();
  const docker = connectEngine();
  const template = await templateOf(docker, model.sandbox!.id);
  const echo = owned.use(
    await BareContainer.start({ docker, template, script: echoScript, signal: run.signal }),
  );
  const agent = await startAgent({ docker, template, signal: run.signal }, owned);
  const disk = owned.use(await DiskSync.in(service.dataDirectory));
  const kernel = await JupyterKernel.start();
  if (kernel) owned.use(kernel);
  const memoryService = await startInMemory();
  if (memoryService) owned.use(memoryService);

  const body = JSON.stringify({ code: '1+1' });
  const participants: readonly Participant[] = [
    participant('bare HTTP/2 echo', () => echo.request('/echo', body)),
    participant('agent without the service', () => agent.execute()),
    ...(await executions(service, owned, '')),
    ...(memoryService ? await executions(memoryService, owned, ', data in memory') : []),
    participant('request that does nothing', () => client.health()),
    participant('durable write', () => disk.write()),
    ...(kernel ? [jupyterParticipant(kernel)] : []),
  ];

  run.progress('warming up');
  for (let turn = 0; turn < warmUpTurns; turn++) await takeTurns(participants, run.signal);
  for (const { samplesMs } of participants) samplesMs.length = 0;
  for (const _round of run.rounds()) await takeTurns(participants, run.signal);

  const p50Ms = new Map(
    participants.map(({ name, samplesMs }) => [name, summarise(samplesMs).p50]),
  );
  const echoMs = p50Ms.get('bare HTTP/2 echo')!;
  return {
    verdicts: verdicts(p50Ms),
    tables: [
      {
        title: 'Milliseconds from the request to the whole answer',
        columns: ['', 'p50', 'p90', 'p99', 'p50 beside the echo', 'samples'],
        rows: participants.map(({ name, samplesMs }) => {
          const { p50, p90, p99, count } = summarise(samplesMs);
          return [name, p50, p90, p99, `${(p50 / echoMs).toFixed(2)} ×`, String(count)];
        }),
      },
    ],
    notes: [
      'The echo runs in a container of the sandbox image with the options of a session’s, and ' +
        'dials a socket in a read-only mount as the agent does; the measuring process asks it ' +
        'directly, without a service in between.',
      'The agent without the service: the measuring process is the other end of the link and ' +
        'stores nothing.',
      'A result is told when it is on the disk. The durable write is what the disk alone takes ' +
        'for that: 8 KiB and `fdatasync`, in the service’s data directory. The rows with data in ' +
        'memory are a second service whose data directory is on no disk.',
      'The request that does nothing is `GET /healthz`.',
      kernel
        ? `Jupyter: ${kernel.versions}; one kernel on the bare machine, no container, through ` +
          '`jupyter_client`, until both value and reply are there.'
        : jupyterMissing,
      `${perTurn} round trips each in turn.`,
    ],
  };
}

async function startAgent(
  options: BareContainerOptions,
  owned: AsyncDisposableStack,
): Promise<BareSession> {
  const session = new BareSession(owned.use(await BareContainer.start(options)));
  await session.greet();
  await session.configure();
  return session;
}

/** Null where there is no such file system. */
async function startInMemory(): Promise<Service | null> {
  const exists = await access(memoryDirectory).then(
    () => true,
    () => false,
  );
  if (!exists) return null;
  const service = new Service(await mkdtemp(join(memoryDirectory, 'cellar-')), environment);
  try {
    await service.start();
    return service;
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
}

/** A session each: every client of a session is sent all of its events. */
async function executions(
  service: Service,
  owned: AsyncDisposableStack,
  suffix: string,
): Promise<Participant[]> {
  const client = owned.use(new ServiceClient(service.url, service.key));
  const live = owned.use(await client.live((await client.createSession()).id));
  const { id } = await client.createSession();
  return [
    participant(`WebSocket${suffix}`, () => live.execute()),
    participant(`HTTP${suffix}`, () => client.execute(id)),
  ];
}

function participant(name: string, once: () => Promise<unknown>): Participant {
  const take = async (count: number) => {
    const samples: number[] = [];
    for (let i = 0; i < count; i++) {
      const sentAt = performance.now();
      await once();
      samples.push(performance.now() - sentAt);
    }
    return samples;
  };
  return { name, samplesMs: [], take };
}

function jupyterParticipant(kernel: JupyterKernel): Participant {
  return {
    name: 'Jupyter kernel',
    samplesMs: [],
    take: (count) => kernel.roundTripsMs(count),
  };
}

async function takeTurns(participants: readonly Participant[], signal: AbortSignal): Promise<void> {
  for (const { samplesMs, take } of participants) {
    signal.throwIfAborted();
    samplesMs.push(...(await take(perTurn)));
  }
}

function verdicts(p50Ms: ReadonlyMap<string, number>): Verdict[] {
  const beside = (name: string, reference: string, limit: number) => {
    const [measured, referenceMs] = [p50Ms.get(name), p50Ms.get(reference)];
    if (measured === undefined || referenceMs === undefined) return [];
    return [verdict(`${name}, beside ${reference}`, measured / referenceMs, limit, '×')];
  };
  return [
    ...beside('WebSocket', 'bare HTTP/2 echo', 2),
    ...beside('HTTP', 'bare HTTP/2 echo', 3),
    ...beside('WebSocket', 'Jupyter kernel', 1 / 5),
    ...beside('HTTP', 'Jupyter kernel', 1 / 5),
  ];
}
