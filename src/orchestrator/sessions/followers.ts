// Those who follow the events of one session, and how many of them are live connections.
import type { SessionRecord } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import type { LiveLog } from './live-log.ts';
import type { LiveFollower, LiveSubscription } from './session-service.ts';

type FollowOptions = { readonly since?: number; readonly connection: boolean };

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

  /**
   * Replays what is stored until little is left, at the pace of the follower: to be called outside of the session's queue, so that nobody
   * waits for a slow reader. Gives the options to follow with afterwards.
   */
  async catchUp(
    record: SessionRecord,
    { since, connection }: FollowOptions,
    follower: LiveFollower,
  ): Promise<FollowOptions> {
    if (since === undefined) return { connection };
    const reached = await this.#live.replay(since, record, this.#registry, follower);
    return reached === null ? { connection } : { connection, since: reached };
  }

  /** See SessionService.follow. To be called in the session's queue: replay and going live are one step, so nothing falls between. */
  async follow(
    record: SessionRecord,
    { since, connection }: FollowOptions,
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    // Without its pace: what came since it caught up.
    const { event, close } = follower;
    const unpaced = { event: event.bind(follower), close: close.bind(follower) };
    if (since !== undefined) await this.#live.replay(since, record, this.#registry, unpaced);
    const unfollow = this.#live.follow(follower);
    let counted = connection ? 1 : 0;
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
