// Who plays: a session of each policy at a time, some of them replaced now and then. It makes them and takes their leave.
import { ChaosSession } from './chaos-session.ts';
import type { FailingService } from './failing-service.ts';
import { BrokenPromise, type Policy } from './session-model.ts';
import { emptyState, type States } from './state.ts';

export const policies = ['none', 'hibernate', 'interval', 'execution'] as const;
const intervalMs = 1000;

/** What a client asks for by the name of a policy. */
export function persistenceOf(policy: Policy) {
  return policy === 'interval' ? { policy, intervalMs, keep: 3 } : { policy, keep: 3 };
}

export class Cast {
  readonly #service: FailingService;
  readonly #sessions: ChaosSession[] = [];
  /** Made, and not yet among those that play. */
  readonly #arriving = new Set<ChaosSession>();
  #serial = 0;
  #engineCut = false;

  constructor(service: FailingService) {
    this.#service = service;
  }

  /** Until `engineBack` the engine may be away. */
  engineCut(): void {
    this.#engineCut = true;
    for (const { model } of [...this.#sessions, ...this.#arriving]) model.engineCut();
  }

  /** Sessions that are made from now on have it. */
  engineBack(): void {
    this.#engineCut = false;
  }

  get sessions(): readonly ChaosSession[] {
    return this.#sessions;
  }

  /**
   * One more, from nothing, or from another one's state: then `source` says which, and `states` what that may be,
   * asked when it is made.
   */
  async add(
    policy: Policy,
    fork?: { source: unknown; states: () => States },
  ): Promise<ChaosSession> {
    const name = `s${++this.#serial}`;
    const from = fork ? { from: fork.source } : {};
    const body = { name, persistence: persistenceOf(policy), ...from };
    const key = { 'idempotency-key': `make-${name}` };
    const reply = await this.#service.answer('POST', '/api/sessions', body, key);
    if (reply.status !== 201)
      throw new BrokenPromise(`making ${name} is answered ${JSON.stringify(reply.body)}`);
    const states = fork?.states() ?? [emptyState];
    const session = new ChaosSession(this.#service, name, reply.body.id, policy, states);
    if (this.#engineCut) session.model.engineCut();
    this.#arriving.add(session);
    try {
      await session.read('when it is new');
      await session.follow();
      this.#sessions.push(session);
    } finally {
      this.#arriving.delete(session);
    }
    return session;
  }

  /** All that the session told is still so; then it goes, with all that it had. */
  async remove(session: ChaosSession): Promise<void> {
    await session.expectHistoryKept();
    let attempts = 0;
    for (let reply = null; reply === null; attempts++) {
      reply = await session.ask('DELETE', '?force=true');
      const isGone = reply?.status === 204 || (reply?.status === 404 && attempts > 0);
      if (reply !== null && !isGone)
        throw new BrokenPromise(`its deletion is answered ${reply.status}`);
    }
    const { status } = await session.answer('GET');
    if (status !== 404) throw new BrokenPromise(`it was deleted, and is there: ${status}`);
    const { body } = await this.#service.answer('GET', '/api/snapshots?limit=200');
    if (body.items.some((item: any) => item.session === session.id))
      throw new BrokenPromise('it was deleted, and its snapshots are there');
    session.unfollow();
    this.#sessions.splice(this.#sessions.indexOf(session), 1);
  }
}
