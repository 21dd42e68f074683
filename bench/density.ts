// How many idle sessions fit on a machine: what hundreds of them cost in memory and descriptors, and whether executions in a few of
// them are slower than they were when there were only those few.
import { readdir } from 'node:fs/promises';
import { freemem } from 'node:os';
import { startService } from '../test/helpers/start-service.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { connectEngine } from './support/machine.ts';
import { processMemory } from './support/process-memory.ts';
import { type Findings, verdict } from './support/report.ts';
import { type LiveSocket, ServiceClient } from './support/service-client.ts';
import { type SessionCost, sessionCost } from './support/session-cost.ts';
import { median, summarise } from './support/statistics.ts';

const sessionsFew = 10;
const sessionsMany = 200;
const startsAtOnce = 4;
/** Looking at one takes a while; they are all alike. */
const lookedAt = 20;
const executionsEach = 50;
const megabyte = 1e6;
/** Memory left to everybody else; past it no more sessions are started. */
const reserveBytes = 2e9;

const limitMegabytes = 40;
const limitLatencyRatio = 1.5;

/** What was measured with so many idle sessions. */
type Stage = {
  readonly sessions: number;
  readonly executeMs: readonly number[];
  readonly orchestratorBytes: number;
  readonly descriptors: number;
};

await runBenchmark({
  name: 'density',
  title: 'Many live sessions that are idle',
  rounds: 1,
  secondsMax: 150,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  if (process.getuid?.() !== 0)
    throw new Error('looking at the memory of other users’ processes takes root');
  const docker = connectEngine();
  await using owned = new AsyncDisposableStack();
  const service = owned.use(await startService({ CELLAR_LOG_LEVEL: 'warn' }));
  const clients = Array.from({ length: startsAtOnce }, () =>
    owned.use(new ServiceClient(service.url, service.key)),
  );
  const ids: string[] = [];
  const growTo = async (count: number) => {
    let wanted = count - ids.length;
    await Promise.all(
      clients.map(async (client) => {
        while (wanted-- > 0 && freemem() > reserveBytes) {
          run.signal.throwIfAborted();
          const { id } = await client.createSession();
          await client.execute(id);
          ids.push(id);
          if (ids.length % 20 === 0) run.progress(`${ids.length} sessions`);
        }
      }),
    );
  };
  const look = async (executeMs: readonly number[]): Promise<Stage> => ({
    sessions: ids.length,
    executeMs,
    orchestratorBytes: (await processMemory(service.pid)).privateBytes,
    descriptors: (await readdir(`/proc/${service.pid}/fd`)).length,
  });

  await growTo(sessionsFew);
  const sockets: LiveSocket[] = [];
  for (const id of ids) sockets.push(owned.use(await clients[0]!.live(id)));
  run.progress('warming up');
  await roundTripsMs(sockets, run.signal);
  const few = await look(await roundTripsMs(sockets, run.signal));
  await growTo(sessionsMany);
  const many = await look(await roundTripsMs(sockets, run.signal));

  run.progress('looking at the processes');
  const costs: SessionCost[] = [];
  const step = Math.max(1, Math.floor(ids.length / lookedAt));
  for (let i = 0; i < ids.length; i += step) {
    run.signal.throwIfAborted();
    const { sandbox } = await clients[0]!.session(ids[i]!);
    costs.push(await sessionCost(docker, sandbox!.id));
  }
  const added = many.sessions - few.sessions;
  const orchestratorShare = (many.orchestratorBytes - few.orchestratorBytes) / added;
  const each = (bytes: (cost: SessionCost) => number) => median(costs.map(bytes)) / megabyte;
  const privateMegabytes =
    each(({ container, shim }) => container.privateBytes + shim.privateBytes) +
    orchestratorShare / megabyte;
  const [before, after] = [summarise(few.executeMs), summarise(many.executeMs)];
  return {
    verdicts: [
      verdict(
        `private memory for each of ${many.sessions} idle sessions, shim and orchestrator included`,
        privateMegabytes,
        limitMegabytes,
        'MB',
      ),
      verdict(
        `slowest hundredth of executions with ${many.sessions} sessions, beside ${few.sessions}`,
        after.p99 / before.p99,
        limitLatencyRatio,
        '×',
      ),
    ],
    tables: [
      {
        title: 'With so many sessions',
        columns: ['', `${few.sessions} sessions`, `${many.sessions} sessions`],
        rows: [
          ['`1+1` over WebSocket, p50, ms', before.p50, after.p50],
          ['the same, p99, ms', before.p99, after.p99],
          [
            'private memory of the orchestrator, MB',
            few.orchestratorBytes / megabyte,
            many.orchestratorBytes / megabyte,
          ],
          ['its descriptors', String(few.descriptors), String(many.descriptors)],
        ],
      },
      {
        title: 'One session, median, megabytes (10⁶ bytes) of private memory',
        columns: ['', 'MB'],
        rows: [
          ['processes in the container', each(({ container }) => container.privateBytes)],
          ['its shim', each(({ shim }) => shim.privateBytes)],
          ['growth of the orchestrator', orchestratorShare / megabyte],
        ],
      },
    ],
    notes: [
      `${ids.length} sessions, each after one execution; executions in ${sockets.length} of them in turns, ${executionsEach} in each, the others idle. ${costs.length} were looked at.`,
      `A session takes ${((many.descriptors - few.descriptors) / added).toFixed(2)} descriptors of the orchestrator.`,
      ...(ids.length < sessionsMany
        ? [
            `Not ${sessionsMany}: the machine had less than ${reserveBytes / 1e9} GB of memory left.`,
          ]
        : []),
    ],
  };
}

async function roundTripsMs(
  sockets: readonly LiveSocket[],
  signal: AbortSignal,
): Promise<number[]> {
  const samples: number[] = [];
  for (let turn = 0; turn < executionsEach; turn++)
    for (const socket of sockets) {
      signal.throwIfAborted();
      const sentAt = performance.now();
      await socket.execute();
      samples.push(performance.now() - sentAt);
    }
  return samples;
}
