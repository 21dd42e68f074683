// How many executions a second the service answers over many live connections at once, beside a Jupyter kernel whose queue is
// never empty; where the processor time of an execution goes; and whether anybody waited while a processor was idle.
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import { containerName } from '../src/orchestrator/runtimes/docker/container-options.ts';
import { LivePipeline } from '../test/helpers/live-pipeline.ts';
import { type Service, startService } from '../test/helpers/start-service.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { JupyterKernel, jupyterMissing } from './support/jupyter.ts';
import { connectEngine } from './support/machine.ts';
import { type Payers, payersOf, type Spent, spentBetween } from './support/processor-share.ts';
import { type Cell, type Findings, verdict, verdictAtLeast } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { median } from './support/statistics.ts';

const sessionsCount = 50;
const startsAtOnce = 4;
/** Executions under way in each session. */
const depths = [1, 8] as const;
const deepest = depths[1];
const warmUpMs = 4_000;
const turnMs = 4_000;
const jupyterCount = 500;
/** As many as all sessions together. */
const jupyterAtOnce = sessionsCount * deepest;

const limitRatio = 10;
const limitIdlePercent = 10;

/** One turn at one depth. */
type Turn = { readonly perSecond: number; readonly idlePercent: number; readonly spent: Spent };

await runBenchmark({
  name: 'throughput',
  title: 'Executions per second, many sessions at once',
  rounds: 5,
  secondsMax: 60,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  run.progress(`starting the service, ${sessionsCount} sessions and a Jupyter kernel`);
  await using owned = new AsyncDisposableStack();
  const service = owned.use(await startService({ CELLAR_LOG_LEVEL: 'info' }));
  const docker = connectEngine();
  const { pipelines, payers } = await openSessions(run, service, docker, owned);
  const kernel = await JupyterKernel.start();
  if (kernel) owned.use(kernel);

  run.progress('warming up');
  await oneTurn(pipelines, payers, deepest, warmUpMs);
  await kernel?.pipelinedSeconds(jupyterCount, jupyterAtOnce);
  const turns = new Map<number, Turn[]>(depths.map((depth) => [depth, []]));
  const kernelPerSecond: { deep: number[]; single: number[] } = { deep: [], single: [] };
  for (const _round of run.rounds()) {
    for (const [depth, taken] of turns) {
      run.signal.throwIfAborted();
      taken.push(await oneTurn(pipelines, payers, depth, turnMs));
    }
    if (!kernel) continue;
    const perSecond = async (atOnce: number) =>
      jupyterCount / (await kernel.pipelinedSeconds(jupyterCount, atOnce));
    kernelPerSecond.deep.push(await perSecond(jupyterAtOnce));
    kernelPerSecond.single.push(await perSecond(1));
  }

  const deep = turns.get(deepest)!;
  const perSecond = (taken: readonly Turn[]) => median(taken.map((turn) => turn.perSecond));
  const idlePercent = (taken: readonly Turn[]) => median(taken.map((turn) => turn.idlePercent));
  const reference = kernel && median(kernelPerSecond.deep);
  return {
    verdicts: [
      ...(reference === null
        ? []
        : [
            verdictAtLeast(
              'executions per second, beside a Jupyter kernel',
              perSecond(deep) / reference,
              limitRatio,
              '×',
            ),
          ]),
      verdict('processors idle meanwhile', idlePercent(deep), limitIdlePercent, '%'),
    ],
    tables: [
      {
        title: 'Executions of `1+1` per second, median',
        columns: ['', 'under way at once', 'per second', 'processors idle, %'],
        rows: [
          ...[...turns].map(([depth, taken]): Cell[] => [
            `${sessionsCount} sessions, ${depth} in each`,
            String(sessionsCount * depth),
            perSecond(taken),
            idlePercent(taken),
          ]),
          ...(kernel
            ? [
                ['Jupyter kernel', String(jupyterAtOnce), median(kernelPerSecond.deep), '–'],
                ['Jupyter kernel', '1', median(kernelPerSecond.single), '–'],
              ]
            : []),
        ],
      },
      spentTable(deep.map(({ spent }) => spent)),
    ],
    notes: [
      'Each session has a live connection of its own; the client sends the next execution when an answer comes, checks every answer, and runs on the same processors.',
      'A result is told when it is on the disk; commits that end together share one `fdatasync`.',
      'Processor time is what the kernel has accounted to each process and thread between the beginning and the end of a turn. The rest of the machine holds interrupts, ' +
        'the container engine, and whatever else ran.',
      kernel
        ? `Jupyter: ${kernel.versions}; one kernel on the bare machine, spoken to over plain ZeroMQ sockets with requests queued ahead, until both value and reply are there; ` +
          'its client runs on the same processors.'
        : jupyterMissing,
      `${deep.length} turns of ${turnMs / 1000} s each.`,
    ],
  };
}

async function openSessions(
  run: BenchmarkRun,
  service: Service,
  docker: Docker,
  owned: AsyncDisposableStack,
): Promise<{ pipelines: LivePipeline[]; payers: Payers }> {
  const pipelines: LivePipeline[] = [];
  const containers: string[] = [];
  const openNext = async () => {
    using client = new ServiceClient(service.url, service.key);
    for (let taken = opened++; taken < sessionsCount; taken = opened++) {
      run.signal.throwIfAborted();
      const { id } = await client.createSession();
      const address = new URL(`/api/sessions/${id}/live`, service.url.replace('http', 'ws'));
      pipelines.push(owned.use(await LivePipeline.open(address, service.key)));
      const { sandbox } = await client.session(id);
      containers.push(containerName(sandbox!.id));
    }
  };
  let opened = 0;
  await Promise.all(Array.from({ length: startsAtOnce }, openNext));
  return { pipelines, payers: await payersOf(docker, service.pid, containers) };
}

async function oneTurn(
  pipelines: readonly LivePipeline[],
  payers: Payers,
  depth: number,
  durationMs: number,
): Promise<Turn> {
  const answered = () => pipelines.reduce((sum, { results }) => sum + results, 0);
  for (const pipeline of pipelines) pipeline.begin(depth);
  // The first answers are those to a burst.
  await delay(durationMs / 8);
  const before = { count: answered(), at: performance.now(), times: await payers.read() };
  await delay(durationMs);
  const after = { count: answered(), at: performance.now(), times: await payers.read() };
  await Promise.all(pipelines.map((pipeline) => pipeline.end()));
  const count = after.count - before.count;
  const spent = spentBetween(before.times, after.times, count);
  return {
    perSecond: (count / (after.at - before.at)) * 1000,
    idlePercent: spent.idlePercent,
    spent,
  };
}

function spentTable(spent: readonly Spent[]) {
  const names = Object.keys(spent[0]!.microseconds);
  const of = (name: string, kind: 'user' | 'system') =>
    median(spent.map(({ microseconds }) => microseconds[name]![kind]));
  return {
    title: `Processor time of one execution, microseconds, ${deepest} under way in each session, median`,
    columns: ['', 'user', 'system', 'both'],
    rows: names.map((name): Cell[] => [
      name,
      of(name, 'user'),
      of(name, 'system'),
      median(
        spent.map(({ microseconds }) => microseconds[name]!.user + microseconds[name]!.system),
      ),
    ]),
  };
}
