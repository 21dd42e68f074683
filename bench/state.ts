// What keeping state costs: waking a session that sleeps, going back and branching off, moving large workspaces, and storing
// after every execution.
import { setTimeout } from 'node:timers/promises';
import type Docker from 'dockerode';
import { startService } from '../test/helpers/start-service.ts';
import { BareContainer, type ContainerTemplate, templateOf } from './support/bare-container.ts';
import { BareSession } from './support/bare-session.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { measureCheckpoints } from './support/checkpoint-cost.ts';
import { connectEngine } from './support/machine.ts';
import { type Findings, verdict } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { ServiceLog } from './support/service-log.ts';
import { median, summarise } from './support/statistics.ts';
import { measureTransfer } from './support/transfer-speed.ts';

/** A session with about 1 MB of values and 1 MB of files. */
const megabyteOfEach =
  'xs = range(115000).map(i => i * 1.1); ' +
  'write("notes.txt", range(21000).map(i => "line " + i + " has " + (i * i) + " and its end").join("\\n"));';

const restMs = 500;

const steps = [
  'bare container until its agent’s hello',
  'bare agent that has come to rest takes the archive from memory',
  'bare agent’s first result after it',
  'hibernate',
  'resume: until a sandbox is ready for the state',
  'resume: the state out of the store and into the agent',
  'resume: the rest until the first result',
  'resume, whole',
  'snapshot, nothing new',
  'rollback',
  'fork to first result',
] as const;

type Samples = Record<(typeof steps)[number], number[]>;

await runBenchmark({
  name: 'state',
  title: 'State: sleeping and waking, large workspaces, storing after every execution',
  rounds: 10,
  secondsMax: 90,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  const docker = connectEngine();
  run.progress('starting the service');
  await using service = await startService({ CELLAR_LOG_LEVEL: 'debug' });
  using client = new ServiceClient(service.url, service.key);
  const log = new ServiceLog(service);
  const wakes = await measureWakes(run, docker, client, log);
  const transfers = await measureTransfer(run, { docker, service, client, log });
  const checkpoints = await measureCheckpoints(run, service, client);
  const parts = [wakes, transfers, checkpoints];
  return {
    verdicts: parts.flatMap(({ verdicts }) => verdicts),
    tables: parts.flatMap(({ tables }) => tables),
    notes: parts.flatMap(({ notes }) => notes),
  };
}

async function measureWakes(
  run: BenchmarkRun,
  docker: Docker,
  client: ServiceClient,
  log: ServiceLog,
): Promise<Findings> {
  const session = await client.createSession();
  await client.run(session.id, megabyteOfEach);
  const template = await templateOf(docker, session.sandbox!.id);
  const version = await client.snapshot(session.id);
  const archive = await client.archive(session.id, version);

  run.progress('warming up');
  const warm = emptySamples();
  await bareRound(docker, template, archive, run.signal, warm);
  await serviceRound(client, log, session.id, warm);
  const samples = emptySamples();
  for (const round of run.rounds()) {
    const turns = [
      () => bareRound(docker, template, archive, run.signal, samples),
      () => serviceRound(client, log, session.id, samples),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
      run.signal.throwIfAborted();
      await turn();
    }
  }
  await client.deleteSession(session.id);

  const reference = median(samples['bare container until its agent’s hello']);
  return {
    verdicts: [
      verdict(
        'waking to first result, beside a bare container until its agent’s hello',
        median(samples['resume, whole']) / reference,
        1 / 4,
        '×',
      ),
    ],
    tables: [
      {
        title: 'A session with 1 MB of values and 1 MB of files, milliseconds',
        columns: ['', 'p50', 'p90', 'beside the bare container'],
        rows: steps.map((step) => {
          const { p50, p90 } = summarise(samples[step]);
          return [step, p50, p90, `${(p50 / reference).toFixed(2)} ×`];
        }),
      },
    ],
    notes: [
      `The archive of that session has ${(archive.byteLength / 1e6).toFixed(2)} MB. The bare container is started by hand, with the image and options of ` +
        'a session’s; the measuring process is the other end of its link, and gives it the archive out of its own memory.',
      'Hibernate, snapshot, rollback and fork are requests to the service, each until its answer. Waking is a request to execute `1+1` while the session sleeps; ' +
        'the service’s own log says how much of it brought the state back.',
      `${samples.hibernate.length} rounds.`,
    ],
  };
}

async function bareRound(
  docker: Docker,
  template: ContainerTemplate,
  archive: Buffer,
  signal: AbortSignal,
  samples: Samples,
): Promise<void> {
  await using container = await BareContainer.start({ docker, template, signal });
  const session = new BareSession(container);
  await session.greet();
  const since = performance.now() - container.moments.begun;
  samples['bare container until its agent’s hello'].push(since);
  await session.configure();
  // As in a pool: what an agent still loads after its hello would be counted otherwise.
  await setTimeout(restMs, undefined, { signal });
  samples['bare agent that has come to rest takes the archive from memory'].push(
    await timed(() => session.restore(archive)),
  );
  samples['bare agent’s first result after it'].push(await timed(() => session.execute()));
}

async function serviceRound(
  client: ServiceClient,
  log: ServiceLog,
  sessionId: string,
  samples: Samples,
): Promise<void> {
  samples.hibernate.push(await timed(() => client.hibernate(sessionId)));
  const begunAt = Date.now();
  const wholeMs = await timed(() => client.execute(sessionId));
  const { at, durationMs } = await log.next('state restored', sessionId);
  samples['resume, whole'].push(wholeMs);
  samples['resume: until a sandbox is ready for the state'].push(at - durationMs - begunAt);
  samples['resume: the state out of the store and into the agent'].push(durationMs);
  samples['resume: the rest until the first result'].push(wholeMs - (at - begunAt));
  let version = 0;
  samples['snapshot, nothing new'].push(
    await timed(async () => {
      version = await client.snapshot(sessionId);
    }),
  );
  samples.rollback.push(await timed(() => client.rollback(sessionId, version)));
  await log.next('state restored', sessionId);
  let fork = '';
  samples['fork to first result'].push(
    await timed(async () => {
      fork = (await client.createSession({ from: { session: sessionId, version } })).id;
      await client.execute(fork);
    }),
  );
  await client.deleteSession(fork);
}

/** Milliseconds. */
async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function emptySamples(): Samples {
  return Object.fromEntries(steps.map((step) => [step, [] as number[]])) as unknown as Samples;
}
