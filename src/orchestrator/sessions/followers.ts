// Those who follow the events of one session, and how many of them are live connections.
import type { SessionRecord } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import type { LiveLog } from './live-log.ts';
import type { LiveFollower, LiveSubscription } from './session-service.ts';

export class Followers {
  readonly #live: LiveLog;
  readonly #registry: SessionRegistry;
  #connections = 0;

  constructor(live: LiveLog, registry: SessionRegistry) {
    this.#live = live;
    this.#registry = registry;
  }

  get connections(): number {
    return this.#connections;
  }

  /** See SessionService.follow. To be called in the session's queue: replay and going live are one step, so nothing falls between. */
  async follow(
    record: SessionRecord,
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    if (options.since !== undefined)
      await this.#live.replay(options.since, record, this.#registry, follower);
    const unfollow = this.#live.follow(follower);
    let counted = options.connection ? 1 : 0;
    this.#connections += counted;
    return {
      since: this.#live.nextSeq(),
      number: (send) => this.#live.number(send),
      unsubscribe: () => {
        this.#connections -= counted;
        counted = 0;
        unfollow();
      },
    };
  }
}
