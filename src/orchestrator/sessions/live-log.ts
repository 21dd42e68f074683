// The numbered live events of one session: gives out numbers, keeps the followers, sends each event to all of them.
// Numbers only ever grow, also across a crash: they are reserved in blocks, and a new process starts after the
// reserved block. So a number that a client saw is never used for something else.
import type { Log } from '../foundation/log.ts';
import type { EventRecord, SessionRecord } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import { executionOf, type LiveMessage } from './live-messages.ts';
import type { LiveEvent, LiveFollower } from './session-service.ts';

/** Far more than one batch of events can need, so that a number is reserved on the disk before it is given out. */
const blockLength = 10_000;
/** Short, because an event can be large, and whoever reads them slowly has one page in memory. */
const replayPageLength = 32;
/** Messages to single followers that wait for the events being stored. */
const waitingMax = 1000;

export class LiveLog {
  #next: number;
  #reserved: number;
  readonly #followers = new Set<LiveFollower>();
  /** Events have numbers and are being stored: what is numbered now must not be sent before them. */
  #storing = false;
  #waiting: ((seq: number) => void)[] = [];
  readonly #reserve: (seq: number) => void;
  readonly #log: Log;

  /** `reserved` is the stored reservation; `reserve` stores a new one (it has half a block of time to do so). */
  constructor(reserved: number, reserve: (seq: number) => void, log: Log) {
    this.#log = log;
    this.#next = reserved;
    this.#reserved = reserved;
    this.#reserve = reserve;
    // The first number is thrown away: it makes sure of a reservation, and `since=0` means all there is.
    this.nextSeq();
  }

  nextSeq(): number {
    if (this.#next + blockLength / 2 >= this.#reserved) {
      this.#reserved += blockLength;
      this.#reserve(this.#reserved);
    }
    return this.#next++;
  }

  /** Gives an event its number, for storing it. `send` must follow, with all that were composed. */
  compose(message: LiveMessage): LiveEvent {
    this.#storing = true;
    return liveEvent(message, this.nextSeq());
  }

  send(events: readonly LiveEvent[]): void {
    this.#storing = false;
    for (const event of events) for (const follower of this.#followers) this.#give(follower, event);
    for (const send of this.#waiting.splice(0)) send(this.nextSeq());
  }

  /** See LiveSubscription.number. */
  number(send: (seq: number) => void): void {
    if (!this.#storing) send(this.nextSeq());
    else if (this.#waiting.length < waitingMax) this.#waiting.push(send);
  }

  /** Sends a message that is not stored: who comes later does not need it. */
  tell(message: LiveMessage): void {
    this.send([this.compose(message)]);
  }

  follow(follower: LiveFollower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /**
   * Sends one follower the stored events above `since`, after a `gap` where some of them are gone, page by page as there is room for them.
   * Resolves with the number up to which that is done, or null when the follower wants no more. History may be pruned meanwhile.
   */
  async replay(
    since: number,
    { tenant, sessionId }: SessionRecord,
    registry: Pick<SessionRegistry, 'eventsSince' | 'findSession' | 'durable'>,
    follower: LiveFollower,
  ): Promise<number | null> {
    for (let after = since; ; ) {
      const page = await registry.eventsSince(sessionId, after, replayPageLength);
      // Asked after the page was read, and where it was read: what is not in it because it had gone is told to be a gap.
      const { seqPruned } = (await registry.findSession(tenant, sessionId)) ?? { seqPruned: 0 };
      // An end that was just stored is not told before it is durable.
      await registry.durable();
      if (after < seqPruned) {
        // Its number is that of the last event that is gone, so that numbers only ever grow for this follower too.
        const gap = { type: 'gap', since: after, resumesAfter: seqPruned } as const;
        follower.event(liveEvent(gap, seqPruned));
        after = seqPruned;
      }
      for (const record of page) if (record.seq > after) follower.event(storedEvent(record));
      after = Math.max(after, page.at(-1)?.seq ?? 0);
      if (page.length < replayPageLength) return after;
      if (follower.room && !(await follower.room())) return null;
    }
  }

  close(reason: 'deleted' | 'shuttingDown'): void {
    for (const follower of [...this.#followers]) follower.close(reason);
    this.#followers.clear();
  }

  /** One follower's failure is nobody else's: it is told no more, and can come back for what it missed. */
  #give(follower: LiveFollower, event: LiveEvent): void {
    try {
      follower.event(event);
    } catch (error) {
      this.#followers.delete(follower);
      this.#log.error({ err: error }, 'a follower failed');
    }
  }
}

/** A live event as the registry stores it. */
export function eventRecord(event: LiveEvent, at: number): EventRecord {
  return {
    seq: event.seq,
    type: event.type,
    executionId: event.executionId,
    at,
    message: event.text,
  };
}

function liveEvent(message: LiveMessage, seq: number): LiveEvent {
  return {
    seq,
    type: message.type,
    executionId: executionOf(message),
    text: JSON.stringify({ ...message, seq }),
  };
}

/** A stored event as it was sent. */
function storedEvent(record: EventRecord): LiveEvent {
  return {
    seq: record.seq,
    type: record.type,
    executionId: record.executionId,
    text: record.message,
  };
}
