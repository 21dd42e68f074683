// Many executions and many short-lived sessions on one service, then everybody leaves: what it then holds is compared with what it
// held after the first few, and its memory with the work done.
import { LivePipeline, type PipelineWork } from '../live-pipeline.ts';
import type { Service } from '../start-service.ts';
import { type Census, differences, leaked, takeCensus } from './census.ts';
import { createSession, deleteSession, liveOnce, livesCount } from './lives.ts';
import { type Point, regression } from './regression.ts';
import type { ServiceInspector } from './service-inspector.ts';

const executingSessions = 4;
const executionsAtOnce = 8;
const livesAtOnce = 2;
/** Measurements of the memory while executions go on, the warm-up not counted. */
const steps = 10;
const restMsMax = 20_000;
const lookMs = 250;

/** For the service: nothing waits for sessions, which comes and goes by a plan of its own, and what is left over goes soon. */
export const bare = {
  CELLAR_POOL_MIN: '0',
  CELLAR_POOL_MAX: '0',
  CELLAR_SNAPSHOT_CLEANING_MS: '1000',
  CELLAR_ORPHAN_GRACE_MS: '1000',
};

export type SoakOptions = {
  readonly service: Service;
  readonly inspector: ServiceInspector;
  readonly executions: number;
  readonly creates: number;
  readonly progress: (text: string) => void;
};

export type Growth = {
  readonly points: readonly Point[];
  /** Bytes for each execution or session, by a straight line through the points. */
  readonly slope: number;
  readonly error: number;
};

export type SoakReport = {
  /** `what: before → after` for all that the service holds more of than before. */
  readonly leaks: readonly string[];
  readonly perExecution: Growth;
  readonly perSession: Growth;
};

const work: PipelineWork = {
  code: (index) => (index % 10 === 0 ? `x = ${index}; print("number", x); missing()` : '1+1'),
  isRight: ({ status, result }) =>
    status === 'error' || (status === 'success' && result?.value === 2),
};

export async function soak(options: SoakOptions): Promise<SoakReport> {
  const { service, inspector, progress } = options;
  progress('warming up');
  await many(service, 2 * livesCount);
  const warmUp = await openPipelines(service);
  await eachRuns(warmUp, Math.ceil(options.executions / 4));
  const before = await atRest(service, inspector, warmUp);

  const pipelines = await openPipelines(service);
  // History fills up to its bound, caches to theirs: memory counts from there.
  await eachRuns(pipelines, Math.ceil(options.executions / 4));
  const memory: Point[] = [];
  for (let step = 0; step < steps; step++) {
    const done = Math.round((options.executions * (step + 1)) / steps);
    await eachRuns(pipelines, Math.ceil(options.executions / steps));
    memory.push({ x: done, y: await memoryBytes(inspector) });
    progress(`${done} of ${options.executions} executions, ${megabytes(memory)} MB`);
  }
  await leave(service, pipelines);

  const sessions: Point[] = [];
  for (let step = 0; step < steps; step++) {
    const done = Math.round((options.creates * (step + 1)) / steps);
    await many(service, Math.ceil(options.creates / steps));
    sessions.push({ x: done, y: await memoryBytes(inspector) });
    progress(`${done} of ${options.creates} sessions, ${megabytes(sessions)} MB`);
  }
  const leaks = await leaksAtRest(service, inspector, before);
  return { leaks, perExecution: growth(memory), perSession: growth(sessions) };
}

function growth(points: readonly Point[]): Growth {
  return { points, ...regression(points) };
}

async function memoryBytes(inspector: ServiceInspector): Promise<number> {
  const { usedBytes, externalBytes } = await inspector.heap();
  return usedBytes + externalBytes;
}

function megabytes(points: readonly Point[]): string {
  return (points.at(-1)!.y / 1e6).toFixed(2);
}

type Executing = { readonly id: string; readonly pipeline: LivePipeline };

async function openPipelines(service: Service): Promise<Executing[]> {
  const opened: Executing[] = [];
  for (let i = 0; i < executingSessions; i++) {
    const id = await createSession(service);
    const address = new URL(`/api/sessions/${id}/live`, service.url.replace('http', 'ws'));
    opened.push({ id, pipeline: await LivePipeline.open(address, service.key, work) });
  }
  return opened;
}

async function eachRuns(executing: readonly Executing[], count: number): Promise<void> {
  const share = Math.ceil(count / executing.length);
  await Promise.all(executing.map(({ pipeline }) => pipeline.run(share, executionsAtOnce)));
}

async function leave(service: Service, executing: readonly Executing[]): Promise<void> {
  for (const { id, pipeline } of executing) {
    pipeline[Symbol.dispose]();
    await deleteSession(service, id);
  }
}

async function many(service: Service, count: number): Promise<void> {
  let next = 0;
  const one = async () => {
    for (let number = next++; number < count; number = next++) await liveOnce(service, number);
  };
  await Promise.all(Array.from({ length: livesAtOnce }, one));
}

/** Everybody leaves; the census once it stays the same: what was begun may take a moment to end. */
async function atRest(
  service: Service,
  inspector: ServiceInspector,
  executing: readonly Executing[],
): Promise<Census> {
  await leave(service, executing);
  const deadline = performance.now() + restMsMax;
  for (let last = await takeCensus(service, inspector); ; ) {
    await new Promise((resolve) => setTimeout(resolve, lookMs));
    const now = await takeCensus(service, inspector);
    const clients = now['active TCPSocketWrap'] ?? 0;
    if (differences(last, now).length === 0 && now.containers === 0 && clients === 0) return now;
    if (performance.now() > deadline)
      throw new Error(`the service does not come to rest: ${differences(last, now).join(', ')}`);
    last = now;
  }
}

/** A leak stays: what is gone when it is looked at again was none. */
async function leaksAtRest(
  service: Service,
  inspector: ServiceInspector,
  before: Census,
): Promise<string[]> {
  const deadline = performance.now() + restMsMax;
  for (;;) {
    const leaks = leaked(before, await takeCensus(service, inspector));
    if (leaks.length === 0 || performance.now() > deadline) return leaks;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}
