// How long the least execution takes, `1+1` there and back, beside a bare HTTP/2 echo through the same kind of socket into
// the same kind of container, and beside a Jupyter kernel. Participants take turns, so that noise hits all alike.
import { join } from 'node:path';
import { startService } from '../test/helpers/start-service.ts';
import { BareContainer, templateOf } from './support/bare-container.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { JupyterKernel, jupyterMissing } from './support/jupyter.ts';
import { connectEngine } from './support/machine.ts';
import { type Findings, verdict } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { median, type Summary, summarise } from './support/statistics.ts';

const echoScript = join(import.meta.dirname, 'support/echo-agent.mts');
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
  rounds: 40,
  secondsMax: 120,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  const docker = connectEngine();
  run.progress('starting the service, an echo container and a Jupyter kernel');
  await using service = await startService({ CELLAR_LOG_LEVEL: 'info' });
  using client = new ServiceClient(service.url, service.key);
  // One session each: every client of a session is sent all of its events.
  const liveSession = await client.createSession();
  const httpSession = await client.createSession();
  using live = await client.live(liveSession.id);
  const template = await templateOf(docker, liveSession.sandbox!.id);
  await using echo = await BareContainer.start({
    docker,
    template,
    script: echoScript,
    signal: run.signal,
  });
  await using kernel = await JupyterKernel.start();

  const startMs: number[] = [];
  const echoBody = JSON.stringify({ code: '1+1' });
  const participants = [
    participant(
      'bare HTTP/2 echo',
      repeatedly(() => echo.request('/echo', echoBody)),
    ),
    participant('WebSocket', async (count) => {
      const samples: number[] = [];
      for (let i = 0; i < count; i++) {
        const times = await live.execute();
        startMs.push(times.startMs);
        samples.push(times.resultMs);
      }
      return samples;
    }),
    participant(
      'HTTP',
      repeatedly(() => client.execute(httpSession.id)),
    ),
    participant(
      'HTTP, `GET /healthz`',
      repeatedly(() => client.health()),
    ),
    ...(kernel ? [participant('Jupyter kernel', (count) => kernel.roundTripsMs(count))] : []),
  ];

  run.progress('warming up');
  for (let turn = 0; turn < warmUpTurns; turn++) await takeTurns(participants, run.signal);
  for (const { samplesMs } of participants) samplesMs.length = 0;
  startMs.length = 0;
  for (const _round of run.rounds()) await takeTurns(participants, run.signal);

  const summary = (name: string): Summary =>
    summarise(participants.find((one) => one.name === name)!.samplesMs);
  const echoP50 = summary('bare HTTP/2 echo').p50;
  const verdicts = [
    verdict('WebSocket, beside the echo', summary('WebSocket').p50 / echoP50, 2, '×'),
    verdict('HTTP, beside the echo', summary('HTTP').p50 / echoP50, 3, '×'),
  ];
  if (kernel) {
    const jupyterP50 = summary('Jupyter kernel').p50;
    for (const name of ['WebSocket', 'HTTP'])
      verdicts.push(verdict(`${name}, beside Jupyter`, summary(name).p50 / jupyterP50, 1 / 5, '×'));
  }
  return {
    verdicts,
    tables: [
      {
        title: 'Milliseconds from the request to the whole answer',
        columns: ['', 'p50', 'p90', 'p99', 'beside the echo (p50)', 'samples'],
        rows: participants.map(({ name, samplesMs }) => {
          const { p50, p90, p99, count } = summarise(samplesMs);
          return [name, p50, p90, p99, `${(p50 / echoP50).toFixed(2)} ×`, String(count)];
        }),
      },
    ],
    notes: [
      'The echo runs in a container of the sandbox image with the options of a session’s, and ' +
        'dials a socket in a read-only mount as the agent does; the measuring process asks it ' +
        'directly, without a service in between.',
      `Of a WebSocket round trip, ${median(startMs).toFixed(2)} ms (p50) have passed when ` +
        '`executionStart` arrives.',
      '`GET /healthz` is what a request costs that does nothing.',
      kernel
        ? `Jupyter: ${kernel.versions}; one kernel on the bare machine, no container, through ` +
          '`jupyter_client`; until both value and reply are there.'
        : jupyterMissing,
      `${perTurn} round trips each in turn.`,
    ],
  };
}

function participant(name: string, take: Participant['take']): Participant {
  return { name, samplesMs: [], take };
}

function repeatedly(once: () => Promise<unknown>): Participant['take'] {
  return async (count) => {
    const samples: number[] = [];
    for (let i = 0; i < count; i++) {
      const sentAt = performance.now();
      await once();
      samples.push(performance.now() - sentAt);
    }
    return samples;
  };
}

async function takeTurns(participants: readonly Participant[], signal: AbortSignal): Promise<void> {
  for (const { samplesMs, take } of participants) {
    signal.throwIfAborted();
    samplesMs.push(...(await take(perTurn)));
  }
}
