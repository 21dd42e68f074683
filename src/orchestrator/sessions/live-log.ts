// The numbered live events of one session: gives out numbers, keeps the followers, sends each event to all of them.
// Numbers only ever grow, also across a crash: they are reserved in blocks, and a new process starts after the
// reserved block. So a number that a client saw is never used for something else.
import type { EventRecord, SessionRecord } from '../registry/records.ts';
import type { SessionRegistry } from '../registry/session-registry.ts';
import { executionOf, type LiveMessage } from './live-messages.ts';
import type { LiveEvent, LiveFollower } from './session-service.ts';

const blockLength = 1000;
const replayPageLength = 500;

export class LiveLog {
  #next: number;
  #reserved: number;
  readonly #followers = new Set<LiveFollower>();
  readonly #reserve: (seq: number) => void;

  /** `reserved` is the stored reservation; `reserve` stores a new one (it has half a block of time to do so). */
  constructor(reserved: number, reserve: (seq: number) => void) {
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

  compose(message: LiveMessage): LiveEvent {
    const seq = this.nextSeq();
    return {
      seq,
      type: message.type,
      executionId: executionOf(message),
      text: JSON.stringify({ ...message, seq }),
    };
  }

  send(events: readonly LiveEvent[]): void {
    for (const event of events) for (const follower of this.#followers) follower.event(event);
  }

  /** Sends a message that is not stored: who comes later does not need it. */
  tell(message: LiveMessage): void {
    this.send([this.compose(message)]);
  }

  follow(follower: LiveFollower): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** Sends one follower the stored events above `since`, after a `gap` where some of them are gone. */
  async replay(
    since: number,
    { sessionId, seqPruned }: SessionRecord,
    registry: Pick<SessionRegistry, 'eventsSince'>,
    follower: LiveFollower,
  ): Promise<void> {
    if (since < seqPruned)
      follower.event(this.compose({ type: 'gap', since, resumesAfter: seqPruned }));
    for (let after = since; ; ) {
      const page = await registry.eventsSince(sessionId, after, replayPageLength);
      for (const record of page) follower.event(liveEvent(record));
      if (page.length < replayPageLength) return;
      after = page.at(-1)!.seq;
    }
  }

  close(reason: 'deleted' | 'shuttingDown'): void {
    for (const follower of [...this.#followers]) follower.close(reason);
    this.#followers.clear();
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

/** A stored event as it was sent. */
export function liveEvent(record: EventRecord): LiveEvent {
  return {
    seq: record.seq,
    type: record.type,
    executionId: record.executionId,
    text: record.message,
  };
}
