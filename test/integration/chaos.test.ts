// Sessions at work while the orchestrator, containers and the engine fail. The seed (CHAOS_SEED) says when; CHAOS_ROUNDS how often.
// After each round everything that was promised to a client is asked for again.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { EngineProxy } from '../helpers/engine-proxy.ts';
import { Follower } from '../helpers/follower.ts';
import { docker, type Reply, type Service, startService } from '../helpers/start-service.ts';

const seed = Number(process.env.CHAOS_SEED ?? 20_261_123);
const rounds = Number(process.env.CHAOS_ROUNDS ?? 12);
const sessionCount = 3;
const executionsPerSession = 3;
const pageLength = 100;
const patience = { timeout: 40_000, interval: 50 };

const faults = ['kill', 'killContainer', 'cutEngine', 'killBoth', 'killWhileCut', 'none'] as const;
type Fault = (typeof faults)[number];

it(`keeps every promise through ${rounds} rounds of faults (seed ${seed})`, async () => {
  const random = randomNumbers(seed);
  await using proxy = await EngineProxy.open();
  await using service = await startService({
    DOCKER_HOST: proxy.host,
    CELLAR_RECONCILE_INTERVAL_MS: '1000',
    CELLAR_ORPHAN_GRACE_MS: '5000',
    CELLAR_POOL_MIN: '1',
    CELLAR_POOL_MAX: '1',
  });
  const sessions: ChaosSession[] = [];
  for (let i = 0; i < sessionCount; i++) {
    // The first one's state outlives its containers.
    const persistence = i === 0 ? 'execution' : 'none';
    const { id } = await service.createSession({ persistence });
    sessions.push(new ChaosSession(service, id, persistence === 'execution'));
  }
  const plan = [...faults];
  for (let round = 0; round < rounds; round++) {
    const fault = plan[round % plan.length]!;
    const midway = random() < 0.7;
    const victim = sessions[Math.floor(random() * sessions.length)]!;
    await Promise.all(sessions.map((session) => session.becomeUsable()));
    const requests = sessions.flatMap((session) =>
      Array.from({ length: executionsPerSession }, (_, index) =>
        session.execute(`key-${round}-${index}`, random() < 0.5, Math.floor(random() * 120)),
      ),
    );
    if (midway) await victim.someStart(`key-${round}-`);
    await strike(fault, { service, proxy, victim: victim.id });
    await Promise.all(sessions.map(({ follower }) => follower.connect()));
    await Promise.all(requests);
    await Promise.all(sessions.map((session) => session.expectPromisesKept()));
  }
  for (const session of sessions) session.follower.close();
  await expectNothingLeft(service, sessions);
}, 180_000);

async function strike(
  fault: Fault,
  { service, proxy, victim }: { service: Service; proxy: EngineProxy; victim: string },
): Promise<void> {
  const killContainer = await containerOf(service, victim);
  const restartService = async () => {
    await service.kill('SIGKILL');
    await service.start();
  };
  switch (fault) {
    case 'kill':
      return restartService();
    case 'killContainer':
      return killContainer();
    case 'killBoth':
      await Promise.all([killContainer(), restartService()]);
      return;
    case 'cutEngine':
      await proxy.cut();
      await killContainer();
      return proxy.connect();
    case 'killWhileCut':
      await proxy.cut();
      await restartService();
      return proxy.connect();
    case 'none':
      return;
  }
}

/** Gives what kills the container that the session runs in at this moment, if any. */
async function containerOf(service: Service, session: string): Promise<() => Promise<void>> {
  const { sandbox } = (await service.request('GET', `/api/sessions/${session}`)).body;
  const containers = await service.containers();
  const container = containers.find(({ Labels }) => Labels['cellar.sandbox'] === sandbox?.id);
  return async () => {
    if (!container) return;
    await docker
      .getContainer(container.Id)
      .kill()
      .catch((error: { statusCode?: number }) => {
        // It went in the meantime, or is not up yet.
        if (error.statusCode !== 404 && error.statusCode !== 409) throw error;
      });
  };
}

class ChaosSession {
  readonly id: string;
  readonly follower: Follower;
  readonly #service: Service;
  /** What an execution that succeeded has done stays done, whatever is killed. */
  readonly #keepsState: boolean;
  /** What each key's request was answered first, once it was answered for good. */
  readonly #answers = new Map<string, { request: () => Promise<Reply>; reply: Reply }>();

  constructor(service: Service, id: string, keepsState: boolean) {
    this.#service = service;
    this.#keepsState = keepsState;
    this.id = id;
    this.follower = new Follower(service, id);
  }

  /** Waits until the session executes again, with the list that programs write their keys to. */
  async becomeUsable(): Promise<void> {
    await this.follower.connect();
    await expect
      .poll(async () => {
        const { status, body } = await this.#ask('execute', { code: 'len(ran)' });
        if (status === 200 && body.status === 'error')
          await this.#ask('execute', { code: 'ran = []' });
        return status === 200 && body.status;
      }, patience)
      .toBe('success');
  }

  /** Sends the request until it is answered for good: a broken connection and a 503 are tried again with the same key. */
  async execute(key: string, inBackground: boolean, sleepMs: number): Promise<void> {
    const code = `print("begin ${key}"); ran.push("${key}"); sleep(${sleepMs}); for (i = 0; i < 20; i++) { print("${key} line " + i) } ran.length`;
    const headers = {
      'idempotency-key': key,
      ...(inBackground ? { prefer: 'respond-async' } : {}),
    };
    const request = () => this.#ask('execute', { code, timeout: 20_000 }, headers);
    let reply: Reply | null = null;
    await expect
      .poll(async () => {
        reply = await request().catch(() => null);
        return (
          reply !== null && reply.status < 500 && reply.body.code !== 'idempotency_in_progress'
        );
      }, patience)
      .toBe(true);
    this.#answers.set(key, { request, reply: reply! });
  }

  /** Resolves when a program of this round is seen to run, or none will be any more. */
  async someStart(keys: string): Promise<void> {
    await expect
      .poll(
        () => this.follower.messages.some(({ content }) => content?.startsWith(`begin ${keys}`)),
        patience,
      )
      .toBe(true);
  }

  async expectPromisesKept(): Promise<void> {
    await this.follower.connect();
    const history = await this.#history();
    // Accepted or seen: each has ended, once, and the follower was told the same as the history.
    const ends = history.map(({ executionId, status }) => `${executionId} ${status}`).sort();
    await expect.poll(() => this.follower.ends().length, patience).toBe(ends.length);
    expect(this.follower.ends().sort()).toEqual(ends);
    const output = this.follower.output();
    for (const execution of history)
      expect(output.get(execution.executionId) ?? '').toBe(textOf(execution));
    const known = new Map(history.map((execution) => [execution.executionId, execution]));
    for (const message of this.follower.messages)
      if (message.type === 'executionStart') expect(known.has(message.id)).toBe(true);
    this.follower.expectInOrder();
    await this.#expectAnswersKept(known);
    await this.#expectNothingTwice([...known.values()]);
  }

  async #expectAnswersKept(known: ReadonlyMap<string, any>): Promise<void> {
    for (const { request, reply } of this.#answers.values()) {
      const again = await request();
      expect(again.status).toBe(reply.status);
      if (reply.status >= 300) {
        expect([reply.body.code, again.body.code]).toEqual(['outcome_unknown', 'outcome_unknown']);
        continue;
      }
      expect(again.body).toEqual(reply.body);
      const stored = known.get(reply.body.executionId);
      if (reply.status === 200) {
        expect(outcomeOf(stored)).toEqual(outcomeOf(reply.body));
      } else expect(stored).toBeDefined();
    }
    // What a lost program had written stays as it was; a program that succeeded wrote all of it.
    for (const execution of known.values()) {
      const key = keyOf(execution);
      if (key === undefined || execution.status !== 'success') continue;
      const lines = Array.from({ length: 20 }, (_, index) => `${key} line ${index}\n`);
      expect(textOf(execution)).toBe(`begin ${key}\n${lines.join('')}`);
    }
  }

  /** No key has two executions, and no living session has run one program twice. */
  async #expectNothingTwice(history: readonly any[]): Promise<void> {
    const keys = history.map(keyOf).filter((key) => key !== undefined);
    expect(keys).toEqual([...new Set(keys)]);
    await this.becomeUsable();
    const { body } = await this.#ask('execute', { code: 'ran.join(",")' });
    const ran = body.result.value.split(',');
    expect(ran).toEqual([...new Set(ran)]);
    if (!this.#keepsState) return;
    const succeeded = history.filter(({ status }) => status === 'success').map(keyOf);
    expect(ran).toEqual(expect.arrayContaining(succeeded.filter((key) => key !== undefined)));
  }

  /** All executions, after all of them have ended. */
  async #history(): Promise<any[]> {
    let items: any[] = [];
    await expect
      .poll(async () => {
        items = await this.#page(0);
        return items.filter(({ status }) => status === 'queued' || status === 'running').length;
      }, patience)
      .toBe(0);
    while (items.length % pageLength === 0) {
      const page = await this.#page(items.length);
      if (page.length === 0) break;
      items.push(...page);
    }
    return items;
  }

  async #page(offset: number): Promise<any[]> {
    const query = `includeResults=true&limit=${pageLength}&offset=${offset}`;
    return (await this.#service.request('GET', `/api/sessions/${this.id}/history?${query}`)).body
      .items;
  }

  #ask(action: string, body: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    return this.#service.request('POST', `/api/sessions/${this.id}/${action}`, body, headers);
  }
}

async function expectNothingLeft(service: Service, sessions: ChaosSession[]): Promise<void> {
  for (const { id } of sessions)
    expect((await service.request('DELETE', `/api/sessions/${id}?force=true`)).status).toBe(204);
  const run = join(service.dataDirectory, 'run');
  // The one that waits for the next session.
  await expect.poll(async () => (await service.containers()).length, patience).toBe(1);
  await expect.poll(async () => (await readdir(run)).length, patience).toBe(1);
  expect(await service.kill('SIGTERM')).toBe(0);
  expect(await service.containers()).toEqual([]);
  expect(await readdir(run)).toEqual([]);
  const database = new DatabaseSync(join(service.dataDirectory, 'registry.db'), { readOnly: true });
  for (const table of ['session', 'execution', 'event'])
    expect(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()).toEqual({ rows: 0 });
  database.close();
  expect(service.log).not.toMatch(/a bug|registry refused|UnhandledPromise|MaxListeners/);
}

function outcomeOf(execution: any) {
  const { status, result, error } = execution;
  return { status, result, error, text: textOf(execution) };
}

function textOf(execution: { output: { content: string }[] }): string {
  return execution.output.map(({ content }) => content).join('');
}

function keyOf(execution: { code?: string }): string | undefined {
  return /ran\.push\("([^"]+)"\)/.exec(execution.code ?? '')?.[1];
}

/** Numbers in 0..1 that are the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
