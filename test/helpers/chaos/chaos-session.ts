// One session of the chaos test: what its clients ask of it, and what they were told.
import { isDeepStrictEqual } from 'node:util';
import { Follower } from '../follower.ts';
import type { Reply } from '../start-service.ts';
import { type FailingService, isTransient, until } from './failing-service.ts';
import type { Random } from './random.ts';
import { BrokenPromise, type Policy, SessionModel } from './session-model.ts';
import { keyOf, outputOf, program, readingProgram, type States, stateOf } from './state.ts';

const historyPageLength = 100;

/** An execution that has ended, as clients were told it. */
type Told = { readonly executionId: string; readonly status: string; readonly text: string };

export class ChaosSession {
  readonly name: string;
  readonly id: string;
  readonly model: SessionModel;
  /** What was asked of it and how that went, for the message of a broken promise. */
  readonly journal: string[] = [];
  readonly #service: FailingService;
  readonly #follower: Follower;
  /** The first answers of requests with a key, in the order of asking. */
  readonly #answers: { readonly again: () => Promise<Reply>; readonly reply: Reply }[] = [];
  readonly #told = new Map<string, Told>();
  #serial = 0;

  constructor(service: FailingService, name: string, id: string, policy: Policy, state: States) {
    this.#service = service;
    this.name = name;
    this.id = id;
    this.model = new SessionModel(policy, state);
    this.#follower = new Follower(service.service, id);
  }

  /** Nothing else of this session has it. */
  nextKey(): string {
    return `${this.name}.${++this.#serial}`;
  }

  /** Null when the connection broke or trying again may help: whether it took effect is not known. */
  async ask(
    method: string,
    path = '',
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply | null> {
    const address = `/api/sessions/${this.id}${path}`;
    const reply = await this.#service.ask(method, address, body, headers);
    if (method !== 'GET' || path.startsWith('/files'))
      this.note(`${method} ${path}: ${reply === null ? 'cut off' : told(reply)}`);
    return reply === null || isTransient(reply) ? null : reply;
  }

  /** As `ask`, until there is an answer. */
  answer(
    method: string,
    path = '',
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply> {
    return until(`${method} ${path} of ${this.name} answered`, () =>
      this.ask(method, path, body, headers),
    );
  }

  /** As `answer`, with a key. The answer is asked for again later. */
  async answerOnce(path: string, key: string, body: unknown, headers = {}): Promise<Reply> {
    const again = () => this.answer('POST', path, body, { 'idempotency-key': key, ...headers });
    const reply = await again();
    this.#answers.push({ again, reply });
    return reply;
  }

  note(line: string): void {
    this.journal.push(line);
    if (this.journal.length > 40) this.journal.shift();
  }

  // --- executions -----------------------------------------------------------------------------------------------------

  /** Programs at once, in the foreground or not, each with a key; resolves when all have ended. */
  async execute(programs: readonly { inBackground: boolean; sleepMs: number }[]): Promise<void> {
    const replies = new Map<string, Reply>();
    const run = async (key: string, inBackground: boolean, sleepMs: number) => {
      const headers = inBackground ? { prefer: 'respond-async' } : {};
      const body = { code: program(key, sleepMs), timeout: 60_000 };
      replies.set(key, await this.answerOnce('/execute', key, body, headers));
    };
    await Promise.all(
      programs.map(({ inBackground, sleepMs }) => run(this.nextKey(), inBackground, sleepMs)),
    );
    const ended = await this.#ended(replies.size + 20);
    for (const execution of ended) {
      const key = keyOf(execution.code);
      if (key !== undefined && replies.has(key)) this.#take(key, execution);
    }
    for (const [key, reply] of replies) {
      const [execution, ...more] = ended.filter(({ code }) => keyOf(code) === key);
      if (more.length > 0) throw new BrokenPromise(`the program ${key} was executed twice`);
      this.#compare(key, reply, execution);
    }
  }

  #take(key: string, execution: any): void {
    const { executionId, status } = execution;
    this.note(`${key}: ${status}`);
    const text = textOf(execution);
    this.#told.set(executionId, { executionId, status, text });
    if (status === 'lost') {
      this.model.lost(`the program ${key}`);
      return;
    }
    if (status !== 'success')
      throw new BrokenPromise(`the program ${key} has ended with ${JSON.stringify(execution)}`);
    if (text !== outputOf(key)) throw new BrokenPromise(`${key} has lost output: ${text}`);
    if (execution.warnings.length > 0)
      throw new BrokenPromise(`${key} warns: ${JSON.stringify(execution.warnings)}`);
    this.model.ran(key, stateOf(execution.result.value));
  }

  /** Whatever the request was answered, the history says the same. */
  #compare(key: string, { status, body }: Reply, stored: any): void {
    if (status !== 200 && status !== 202)
      throw new BrokenPromise(`${key} is answered ${status} ${JSON.stringify(body)}`);
    if (stored?.executionId !== body.executionId)
      throw new BrokenPromise(`${key} was accepted, and is not in the history`);
    if (status === 200 && !isDeepStrictEqual(outcomeOf(body), outcomeOf(stored)))
      throw new BrokenPromise(
        `${key} was answered ${JSON.stringify(body)}, the history has ${JSON.stringify(stored)}`,
      );
  }

  /** Asks what the session holds. */
  async read(when: string): Promise<void> {
    await until(`${this.name} tells its state`, async () => {
      const reply = await this.ask('POST', '/execute', { code: readingProgram, timeout: 60_000 });
      if (reply === null) return null;
      const { status, result, warnings } = reply.body;
      this.note(`reading ${when}: ${status} ${JSON.stringify(result?.value)}`);
      if (status === 'lost') {
        this.model.lost('a program that reads');
        return null;
      }
      if (status !== 'success' || warnings.length > 0)
        throw new BrokenPromise(`reading ${when} is answered ${JSON.stringify(reply.body)}`);
      this.model.seen(stateOf(result.value), when);
      return true;
    });
  }

  /** The newest executions, oldest first, once all of them have ended. */
  #ended(limit: number): Promise<any[]> {
    return until(`all executions of ${this.name} end`, async () => {
      const items = await this.#page(limit, 0);
      return items.some(({ status }) => status === 'queued' || status === 'running')
        ? null
        : items.reverse();
    });
  }

  async #page(limit: number, offset: number): Promise<any[]> {
    const query = `includeResults=true&limit=${limit}&offset=${offset}`;
    const { status, body } = await this.#service.answer(
      'GET',
      `/api/sessions/${this.id}/history?${query}`,
    );
    if (status !== 200) throw new BrokenPromise(`the history is answered ${status}`);
    return body.items;
  }

  // --- promises -------------------------------------------------------------------------------------------------------

  /** The last answers, and some older ones, are given again as they were. */
  async expectAnswersKept(newest: number, random: Random): Promise<void> {
    const all = this.#answers;
    const older = all.slice(0, -newest);
    const chosen = [...all.slice(-newest), ...(older.length > 0 ? [random.pick(older)] : [])];
    for (const { again, reply } of chosen) {
      const repeated = await again();
      const isSame =
        repeated.status === reply.status && isDeepStrictEqual(repeated.body, reply.body);
      if (!isSame) throw new BrokenPromise(`first answered ${told(reply)}, then ${told(repeated)}`);
    }
  }

  /** It has the versions that it was told to have, stands on one of them, and under the policy `interval` soon has one of what it is. */
  async expectVersionsKept(): Promise<void> {
    const standsOn = await until(`${this.name} counts its versions`, async () => {
      const { version, statistics } = (await this.answer('GET')).body;
      const { items } = (await this.answer('GET', '/snapshots?limit=200')).body;
      const versions: number[] = items.map((item: { version: number }) => item.version);
      const gone = this.model.versions.filter((known) => !versions.includes(known));
      if (gone.length > 0) throw new BrokenPromise(`the versions ${gone} are gone`);
      // One that is stored in the meantime is in one of the answers only.
      const agrees = version === null || versions.includes(version);
      return agrees && statistics.snapshots === items.length ? { version } : null;
    });
    if (this.model.policy !== 'interval') {
      this.model.standsOn(standsOn.version);
      return;
    }
    await until(`${this.name} is stored after its interval`, async () => {
      const { version } = (await this.answer('GET')).body;
      return version > standsOn.version ? true : null;
    });
    this.model.wasStored();
  }

  /** Comes back with the number that it saw last. */
  async follow(): Promise<void> {
    await until(`${this.name} can be followed`, async () => {
      await this.#service.up;
      return this.#follower.connect().then(
        () => true,
        () => null,
      );
    });
  }

  /** The whole history: each execution has ended once, as it was told, and followers were told the same. */
  async expectHistoryKept(): Promise<void> {
    const history: any[] = await this.#ended(historyPageLength);
    while (history.length > 0 && history.length % historyPageLength === 0) {
      const page = await this.#page(historyPageLength, history.length);
      if (page.length === 0) break;
      history.unshift(...page.reverse());
    }
    const stored = new Map(history.map((execution) => [execution.executionId, execution]));
    for (const { executionId, status, text } of this.#told.values()) {
      const found = stored.get(executionId);
      if (found?.status !== status || textOf(found) !== text)
        throw new BrokenPromise(`${executionId} was ${status}, the history has ${found?.status}`);
    }
    const ends = history.map(({ executionId, status }) => `${executionId} ${status}`).sort();
    await until(`the follower of ${this.name} is told of all ends`, async () => {
      await this.follow();
      return this.#follower.ends().length >= ends.length ? true : null;
    });
    if (!isDeepStrictEqual(this.#follower.ends().sort(), ends))
      throw new BrokenPromise(`followers were told other ends: ${this.#follower.ends()}; ${ends}`);
    const output = this.#follower.output();
    for (const execution of history)
      if ((output.get(execution.executionId) ?? '') !== textOf(execution))
        throw new BrokenPromise(`followers were told another output of ${execution.executionId}`);
    this.#follower.expectInOrder();
  }

  unfollow(): void {
    this.#follower.close();
  }
}

function told({ status, body }: Reply): string {
  return `${status} ${(status >= 400 ? body.code : (body.status ?? body.state ?? body.version)) ?? ''}`;
}

function outcomeOf(execution: any) {
  const { status, result, error } = execution;
  return { status, result, error, text: textOf(execution) };
}

function textOf(execution: { output: { content: string }[] }): string {
  return execution.output.map(({ content }) => content).join('');
}
