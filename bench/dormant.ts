// What thousands of sessions that sleep cost the service: its memory, its start, and the time that lists and looks take. Beside it a
// service with a hundredth of them.
import { rm } from 'node:fs/promises';
import { Service } from '../test/helpers/start-service.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { processMemory } from './support/process-memory.ts';
import { type Findings, verdict } from './support/report.ts';
import { ServiceClient } from './support/service-client.ts';
import { type SleepingSessions, storeSleepingSessions } from './support/sleeping-sessions.ts';
import { median, summarise } from './support/statistics.ts';

const sessionsMany = 10_000;
const sessionsFew = 100;
const asksEach = 50;
const readyMsMax = 30_000;

const limitBytesPerSession = 2048;
const limitStartMs = 2000;
const limitLookRatio = 1.2;
const limitListRatio = 2;

const questions = {
  'one session by its id': (client, { sessionIds }, i) =>
    client.session(sessionIds[(i * 7919) % sessionIds.length]!),
  'the newest 50 with the total': (client) => client.sessions('limit=50'),
  '50 from the middle of the list': (client, { sessionIds }) =>
    client.sessions(`limit=50&offset=${Math.floor(sessionIds.length / 2)}`),
  'those that sleep, 50': (client) => client.sessions('limit=50&filter=state:hibernated'),
  'those with one label, 50': (client) => client.sessions('limit=50&filter=label.course:course-7'),
  'those whose names begin alike, 50': (client) =>
    client.sessions('limit=50&filter=name:notebook-9*'),
} satisfies Record<
  string,
  (client: ServiceClient, stored: SleepingSessions, i: number) => Promise<unknown>
>;
type Question = keyof typeof questions;
const names = Object.keys(questions) as Question[];

type Samples = {
  readonly startMs: number[];
  readonly startedBytes: number[];
  readonly askedBytes: number[];
  readonly askMs: Record<Question, number[]>;
};

await runBenchmark({
  name: 'dormant',
  title: 'Thousands of sessions that sleep',
  rounds: 7,
  secondsMax: 60,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  if (process.getuid?.() !== 0)
    throw new Error('looking at the memory of other processes takes root');
  await using undo = new AsyncDisposableStack();
  const stored = async (count: number) => {
    run.progress(`storing ${count} sessions that sleep`);
    const sessions = await storeSleepingSessions(count, run.signal);
    undo.defer(() => rm(sessions.directory, { recursive: true, force: true }));
    return { sessions, samples: emptySamples() };
  };
  const few = await stored(sessionsFew);
  const many = await stored(sessionsMany);
  for (const _round of run.rounds())
    for (const { sessions, samples } of [few, many]) await oneStart(run, sessions, samples);

  const perSession = (when: 'startedBytes' | 'askedBytes') =>
    (median(many.samples[when]) - median(few.samples[when])) / (sessionsMany - sessionsFew);
  const ratio = (name: Question) =>
    median(many.samples.askMs[name]) / median(few.samples.askMs[name]);
  const megabytes = (samples: Samples, when: 'startedBytes' | 'askedBytes') =>
    median(samples[when]) / 1e6;
  return {
    verdicts: [
      verdict(
        `start with ${sessionsMany} of them until it is ready (median)`,
        median(many.samples.startMs),
        limitStartMs,
        'ms',
      ),
      verdict(
        'memory of the service for each, once it is ready',
        perSession('startedBytes'),
        limitBytesPerSession,
        'bytes',
      ),
      verdict(
        'the same, after many were looked at and listed',
        perSession('askedBytes'),
        limitBytesPerSession,
        'bytes',
      ),
      verdict(
        `looking at one among ${sessionsMany}, beside ${sessionsFew}`,
        ratio('one session by its id'),
        limitLookRatio,
        '×',
      ),
      verdict(
        `listing the newest 50 of ${sessionsMany} with their number, beside ${sessionsFew}`,
        ratio('the newest 50 with the total'),
        limitListRatio,
        '×',
      ),
    ],
    tables: [
      {
        title: 'The service',
        columns: ['', `${sessionsFew} sessions`, `${sessionsMany} sessions`],
        rows: [
          ['start until ready, p50, ms', median(few.samples.startMs), median(many.samples.startMs)],
          [
            'private memory once ready, MB',
            megabytes(few.samples, 'startedBytes'),
            megabytes(many.samples, 'startedBytes'),
          ],
          [
            'private memory after the requests below, MB',
            megabytes(few.samples, 'askedBytes'),
            megabytes(many.samples, 'askedBytes'),
          ],
        ],
      },
      {
        title: 'Requests over HTTP, milliseconds',
        columns: [
          '',
          `${sessionsFew} sessions, p50`,
          `${sessionsMany} sessions, p50`,
          `${sessionsMany} sessions, p90`,
        ],
        rows: names.map((name) => {
          const { p50, p90 } = summarise(many.samples.askMs[name]);
          return [name, median(few.samples.askMs[name]), p50, p90];
        }),
      },
    ],
    notes: [
      'Each session has three executions with their events, two labels and a stored version of 2 KiB of its own. They were stored through the interfaces of the ' +
        'registry and the snapshot store before the service was started.',
      'Start: from the new process until `/readyz` answers 200, the time of Node and of reading the source included.',
      'The memory includes the registry’s cache, which has a bound of 8 MiB whatever is stored, and what the garbage collector has not cleared away yet.',
      `${many.samples.startMs.length} starts of each, in turns; ${asksEach} requests of each kind after each.`,
    ],
  };
}

async function oneStart(
  run: BenchmarkRun,
  sessions: SleepingSessions,
  samples: Samples,
): Promise<void> {
  run.signal.throwIfAborted();
  const service = new Service(sessions.directory, { CELLAR_LOG_LEVEL: 'info' });
  try {
    const startedAt = performance.now();
    await service.start();
    await untilReady(service, run.signal);
    samples.startMs.push(performance.now() - startedAt);
    samples.startedBytes.push((await processMemory(service.pid)).privateBytes);
    using client = new ServiceClient(service.url, service.key);
    for (let i = 0; i < asksEach; i++) {
      run.signal.throwIfAborted();
      for (const name of names) {
        const askedAt = performance.now();
        await questions[name](client, sessions, i);
        samples.askMs[name].push(performance.now() - askedAt);
      }
    }
    samples.askedBytes.push((await processMemory(service.pid)).privateBytes);
  } finally {
    await service.kill('SIGTERM');
  }
}

async function untilReady(service: Service, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(readyMsMax)]);
  for (;;) {
    deadline.throwIfAborted();
    const { status } = await fetch(`${service.url}/readyz`, { signal: deadline });
    if (status === 200) return;
  }
}

function emptySamples(): Samples {
  const askMs = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  return {
    startMs: [],
    startedBytes: [],
    askedBytes: [],
    askMs: askMs as Record<Question, number[]>,
  };
}
