// How long a new session takes to its first result, with a sandbox that waits for it and without one, beside a container that is
// created and started by hand with the same image and options. They take turns; the moments on the way show where the time goes.
import type Docker from 'dockerode';
import { containerName } from '../src/orchestrator/runtimes/docker/container-options.ts';
import { type Service, startService } from '../test/helpers/start-service.ts';
import { BareContainer, type ContainerTemplate, templateOf } from './support/bare-container.ts';
import { BareSession } from './support/bare-session.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { engineMoments } from './support/engine-moments.ts';
import { connectEngine } from './support/machine.ts';
import { type Cell, type Findings, verdict } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { summarise } from './support/statistics.ts';
import { WarmService } from './support/warm-service.ts';

/** In the order in which they are expected. */
const moments = [
  'container created',
  'container started',
  'agent has dialled',
  'agent has said hello',
  'session answered',
  'session configured',
  'first result',
] as const;

/** Sessions at once, and sandboxes that wait. */
const burst = 50;

/** Milliseconds since the beginning; a moment that cannot be seen from outside is missing. */
type Timeline = Partial<Record<(typeof moments)[number], number>>;

await runBenchmark({
  name: 'create',
  title: 'New session to its first result',
  rounds: 20,
  secondsMax: 100,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  const docker = connectEngine();
  run.progress('starting the service');
  await using service = await startService({ CELLAR_LOG_LEVEL: 'info', CELLAR_POOL_MIN: '0' });
  using client = new ServiceClient(service.url, service.key);
  run.progress(`starting ${burst} sandboxes that wait`);
  await using pooled = await WarmService.start(burst);
  await pooled.full(run.signal);
  using warmClient = pooled.client();
  const model = await client.createSession();
  const template = await templateOf(docker, model.sandbox!.id);

  run.progress('warming up');
  await sessionTimeline(docker, service, client);
  await bareTimeline(docker, template, run.signal);
  const sessions: Timeline[] = [];
  const bare: Timeline[] = [];
  const warm: number[] = [];
  warm.push(await warmMs(pooled, warmClient));
  warm.length = 0;
  for (const round of run.rounds()) {
    const turns = [
      async () => sessions.push(await sessionTimeline(docker, service, client)),
      async () => bare.push(await bareTimeline(docker, template, run.signal)),
      async () => {
        await pooled.full(run.signal);
        warm.push(await warmMs(pooled, warmClient));
      },
    ];
    // The first of a round alternates, so that neither always follows the other's clearing away.
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) {
      run.signal.throwIfAborted();
      await turn();
    }
  }

  run.progress(`${burst} sessions at once`);
  await pooled.full(run.signal);
  const single = summarise(warm);
  const crowd = summarise(await crowdMs(pooled));
  const reference = momentSummary(bare, 'agent has said hello')!;
  const session = momentSummary(sessions, 'first result')!;
  return {
    verdicts: [
      verdict(
        'create → first result, beside a bare container until its agent’s hello',
        session.p50 / reference.p50,
        1.3,
        '×',
      ),
      verdict('the same with a sandbox that waited', single.p50 / reference.p50, 1 / 20, '×'),
      verdict('the slowest of those beside their median', single.p99 / single.p50, 3, '×'),
      verdict(
        `the slowest of ${burst} at once, beside the median of one`,
        crowd.p99 / single.p50,
        5,
        '×',
      ),
    ],
    tables: [
      {
        title: 'Milliseconds since the beginning',
        columns: ['', 'service, p50', 'service, p99', 'bare container, p50', 'bare container, p99'],
        rows: moments.map((moment) => [
          moment,
          ...momentCells(sessions, moment),
          ...momentCells(bare, moment),
        ]),
      },
      {
        title: 'Milliseconds to the first result, with sandboxes that waited',
        columns: ['', 'p50', 'p90', 'p99'],
        rows: [
          ['one after the other', single.p50, single.p90, single.p99],
          [`${burst} at once`, crowd.p50, crowd.p90, crowd.p99],
        ],
      },
    ],
    notes: [
      'The service is asked with `POST /api/sessions`, then with `POST …/execute` of `1+1`.',
      'The bare container has the image and the options that the engine reports for a session’s ' +
        'container; the measuring process is the other end of its link.',
      'When a container was created and started is taken from the engine’s event log. A dash: ' +
        'not to be seen from outside.',
      `${sessions.length} rounds; of so few samples, p99 is the slowest.`,
    ],
  };
}

/** Milliseconds of one session whose sandbox waited. */
async function warmMs(service: WarmService, client: ServiceClient): Promise<number> {
  const { id, tookMs } = await warmSession(service, client);
  await client.deleteSession(id);
  return tookMs;
}

/** Of as many as wait, each with a connection of its own. */
async function crowdMs(service: WarmService): Promise<number[]> {
  using clients = new DisposableStack();
  const all = Array.from({ length: burst }, () => clients.use(service.client()));
  // Connected beforehand, as clients are that have something else to ask, too.
  await Promise.all(all.map((client) => client.health()));
  const sessions = await Promise.all(all.map((client) => warmSession(service, client)));
  await Promise.all(sessions.map(({ id }, index) => all[index]!.deleteSession(id)));
  return sessions.map(({ tookMs }) => tookMs);
}

async function warmSession(
  service: WarmService,
  client: ServiceClient,
): Promise<{ readonly id: string; readonly tookMs: number }> {
  service.took(1);
  const begun = performance.now();
  const { id } = await client.createSession();
  await client.execute(id);
  return { id, tookMs: performance.now() - begun };
}

async function sessionTimeline(
  docker: Docker,
  service: Service,
  client: ServiceClient,
): Promise<Timeline> {
  const begun = performance.now();
  const session = await client.createSession();
  const answered = performance.now() - begun;
  await client.execute(session.id);
  const result = performance.now() - begun;
  const sandbox = session.sandbox ?? (await client.session(session.id)).sandbox;
  if (sandbox === null) throw new Error(`no sandbox\n${service.log}`);
  const engine = await engineTimeline(docker, containerName(sandbox.id), begun);
  await client.deleteSession(session.id);
  return { ...engine, 'session answered': answered, 'first result': result };
}

async function bareTimeline(
  docker: Docker,
  template: ContainerTemplate,
  signal: AbortSignal,
): Promise<Timeline> {
  await using container = await BareContainer.start({ docker, template, signal });
  const { begun, dialled } = container.moments;
  const session = new BareSession(container);
  const since = () => performance.now() - begun;
  await session.greet();
  const greeted = since();
  await session.configure();
  const configured = since();
  await session.execute();
  const result = since();
  return {
    ...(await engineTimeline(docker, container.id, begun)),
    'agent has dialled': dialled - begun,
    'agent has said hello': greeted,
    'session configured': configured,
    'first result': result,
  };
}

async function engineTimeline(docker: Docker, container: string, begun: number): Promise<Timeline> {
  const begunAt = performance.timeOrigin + begun;
  const { createdAt, startedAt } = await engineMoments(docker, container, begunAt);
  return { 'container created': createdAt - begunAt, 'container started': startedAt - begunAt };
}

function momentSummary(timelines: readonly Timeline[], moment: (typeof moments)[number]) {
  const samples = timelines.map((timeline) => timeline[moment]).filter((at) => at !== undefined);
  return samples.length === 0 ? null : summarise(samples);
}

function momentCells(timelines: readonly Timeline[], moment: (typeof moments)[number]): Cell[] {
  const summary = momentSummary(timelines, moment);
  return summary === null ? ['–', '–'] : [summary.p50, summary.p99];
}
