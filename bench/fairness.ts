// What a tenant notices of another one that asks for as much as it can: executions without end in many sessions, and new sessions
// all the time. The quiet tenant executes one thing after another; turns with the neighbour and without it alternate.
import { setTimeout as delay } from 'node:timers/promises';
import { LivePipeline } from '../test/helpers/live-pipeline.ts';
import { type Service, startService } from '../test/helpers/start-service.ts';
import { type BenchmarkRun, runBenchmark } from './support/benchmark.ts';
import { type Findings, verdict } from './support/report.ts';
import { type LiveSocket, ServiceClient } from './support/service-client.ts';
import { summarise } from './support/statistics.ts';

const floodSessions = 8;
/** Executions under way in each of them. */
const floodDepth = 8;
const creatorsCount = 4;
const turnMs = 4_000;
/** Between two executions of the quiet tenant: it is a person, or a service with something else to do. */
const pauseMs = 5;
const limitRatio = 1.5;

/** A tenant that asks for all it can get, while it is told to. */
class Flood implements AsyncDisposable {
  readonly #pipelines: readonly LivePipeline[];
  readonly #service: Service;
  readonly #key: string;
  #isOn = false;
  #creating: Promise<unknown> = Promise.resolve();
  #refused = 0;

  private constructor(service: Service, key: string, pipelines: readonly LivePipeline[]) {
    this.#service = service;
    this.#key = key;
    this.#pipelines = pipelines;
  }

  static async open(service: Service, key: string): Promise<Flood> {
    using client = new ServiceClient(service.url, key);
    const pipelines: LivePipeline[] = [];
    for (let i = 0; i < floodSessions; i++) {
      const { id } = await client.createSession();
      const address = new URL(`/api/sessions/${id}/live`, service.url.replace('http', 'ws'));
      pipelines.push(await LivePipeline.open(address, key));
    }
    return new Flood(service, key, pipelines);
  }

  get executions(): number {
    return this.#pipelines.reduce((sum, { results }) => sum + results, 0);
  }

  /** New sessions that it was not given. */
  get refused(): number {
    return this.#refused;
  }

  begin(): void {
    this.#isOn = true;
    for (const pipeline of this.#pipelines) pipeline.begin(floodDepth);
    this.#creating = Promise.all(Array.from({ length: creatorsCount }, () => this.#create()));
  }

  async end(): Promise<void> {
    this.#isOn = false;
    await Promise.all([this.#creating, ...this.#pipelines.map((pipeline) => pipeline.end())]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
    for (const pipeline of this.#pipelines) pipeline[Symbol.dispose]();
  }

  async #create(): Promise<void> {
    using client = new ServiceClient(this.#service.url, this.#key);
    while (this.#isOn) {
      try {
        const { id } = await client.createSession();
        await client.deleteSession(id);
      } catch {
        this.#refused++;
      }
    }
  }
}

await runBenchmark({
  name: 'fairness',
  title: 'A quiet tenant beside one that floods',
  rounds: 6,
  secondsMax: 60,
  measure,
});

async function measure(run: BenchmarkRun): Promise<Findings> {
  run.progress('starting the service and two tenants');
  await using service = await startService({ CELLAR_LOG_LEVEL: 'info', CELLAR_POOL_MAX: '4' });
  const quietKey = await tenantKey(service, 'quiet');
  using client = new ServiceClient(service.url, quietKey);
  const { id } = await client.createSession();
  using live = await client.live(id);
  await using flood = await Flood.open(service, await tenantKey(service, 'loud'));

  run.progress('warming up');
  await executionsMs(live);
  const alone: number[] = [];
  const beside: number[] = [];
  let floodMs = 0;
  let floodExecutions = 0;
  for (const _round of run.rounds()) {
    run.signal.throwIfAborted();
    alone.push(...(await executionsMs(live)));
    flood.begin();
    const begun = { at: performance.now(), executions: flood.executions };
    // The first answers are those to a burst.
    await delay(turnMs / 8);
    beside.push(...(await executionsMs(live)));
    floodMs += performance.now() - begun.at;
    floodExecutions += flood.executions - begun.executions;
    await flood.end();
    // What the flood has left, such as containers that are being removed, is not what the next turn is about.
    await delay(turnMs / 4);
  }
  const quiet = summarise(alone);
  const loud = summarise(beside);
  return {
    verdicts: [
      verdict('p99 beside a tenant that floods', loud.p99 / quiet.p99, limitRatio, '×'),
      verdict('p50 beside it', loud.p50 / quiet.p50, limitRatio, '×'),
    ],
    tables: [
      {
        title: 'Milliseconds of an execution of the quiet tenant',
        columns: ['', 'p50', 'p90', 'p99', 'samples'],
        rows: [
          ['alone', quiet.p50, quiet.p90, quiet.p99, String(alone.length)],
          ['beside the flood', loud.p50, loud.p90, loud.p99, String(beside.length)],
        ],
      },
    ],
    notes: [
      `The flood: ${floodSessions} sessions with ${floodDepth} executions under way in each, and ${creatorsCount} clients that create and delete sessions one after another; ` +
        `it had ${Math.round((floodExecutions / floodMs) * 1000)} executions a second, and was refused ${flood.refused} new sessions.`,
      'No limit is set for either tenant: the service shares what there is. With limits on executions or sessions (docs/access.md) a flood ends earlier.',
      `The quiet tenant executes \`1+1\` over a live connection, ${pauseMs} ms after each answer; its client and those of the flood run on the same processors as the service.`,
      `Turns of ${turnMs / 1000} s, with the flood and without it in turn.`,
    ],
  };
}

/** As many as fit one turn. */
async function executionsMs(live: LiveSocket): Promise<number[]> {
  const samples: number[] = [];
  const end = performance.now() + turnMs;
  while (performance.now() < end) {
    const begun = performance.now();
    await live.execute();
    samples.push(performance.now() - begun);
    await delay(pauseMs);
  }
  return samples;
}

/** Of a new tenant. */
async function tenantKey(service: Service, tenant: string): Promise<string> {
  await service.request('POST', '/api/tenants', { id: tenant });
  const { status, body } = await service.request('POST', '/api/keys', {
    tenant,
    role: 'developer',
  });
  if (status !== 201) throw new Error(`no key for ${tenant}: ${JSON.stringify(body)}`);
  return body.key;
}
