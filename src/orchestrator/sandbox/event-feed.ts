// The events of one agent as one sequence across redials: each once, in order, pulled by one reader. Holds only what came in
// before the reader asked; when that is much, it asks the link to wait.
import type { AgentEvent } from '#protocol';
import { ProtocolViolation } from './link-connection.ts';

/** What is held before the link is asked to wait: events, and bytes of the chunks they came in. */
const heldEventsMax = 64;
const heldBytesMax = 64 * 1024;

export class EventFeed {
  readonly #held: AgentEvent[] = [];
  readonly #onRoom: () => void;
  #receivedSeq: number;
  #waiting: PromiseWithResolvers<IteratorResult<AgentEvent>> | null = null;
  #end: { readonly error: Error | null } | null = null;
  #heldBytes = 0;
  #full = false;

  /** `acknowledgedSeq`: the event after it is the first one to come. `onRoom` is called when a full feed was read. */
  constructor(acknowledgedSeq: number, onRoom: () => void) {
    this.#receivedSeq = acknowledgedSeq;
    this.#onRoom = onRoom;
  }

  /** Seq of the newest event that came in. */
  get receivedSeq(): number {
    return this.#receivedSeq;
  }

  /** Takes an event. False: it was here before. Throws ProtocolViolation when one between is missing. */
  accept(event: AgentEvent): boolean {
    if (event.seq <= this.#receivedSeq) return false;
    if (event.seq !== this.#receivedSeq + 1)
      throw new ProtocolViolation(`event ${event.seq} came after ${this.#receivedSeq}`);
    this.#receivedSeq = event.seq;
    if (this.#end !== null) return true;
    if (this.#waiting !== null) {
      const waiting = this.#waiting;
      this.#waiting = null;
      waiting.resolve({ value: event, done: false });
    } else this.#held.push(event);
    return true;
  }

  /** A chunk of that many bytes was read and its events were accepted. False: wait for `onRoom` before the next one. */
  took(bytes: number): boolean {
    if (this.#held.length === 0) return true;
    this.#heldBytes += bytes;
    this.#full = this.#held.length >= heldEventsMax || this.#heldBytes >= heldBytesMax;
    return !this.#full;
  }

  /** No more events: what is held can still be read, then the reader sees the end, or the error once. */
  finish(error: Error | null): void {
    if (this.#end !== null) return;
    this.#end = { error };
    if (this.#waiting === null) return;
    const waiting = this.#waiting;
    this.#waiting = null;
    if (error === null) waiting.resolve({ value: undefined, done: true });
    else waiting.reject(error);
  }

  /** The events, for one reader at a time. A reader that leaves off can be followed by another one. */
  events(): AsyncIterableIterator<AgentEvent> {
    return {
      next: () => this.#next(),
      return: () => {
        this.#waiting?.resolve({ value: undefined, done: true });
        this.#waiting = null;
        return Promise.resolve({ value: undefined, done: true });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  #next(): Promise<IteratorResult<AgentEvent>> {
    const event = this.#held.shift();
    if (event !== undefined) {
      if (this.#held.length === 0) {
        this.#heldBytes = 0;
        if (this.#full) {
          this.#full = false;
          this.#onRoom();
        }
      }
      return Promise.resolve({ value: event, done: false });
    }
    if (this.#end !== null)
      return this.#end.error === null
        ? Promise.resolve({ value: undefined, done: true })
        : Promise.reject(this.#end.error);
    if (this.#waiting !== null) throw new Error('the events have one reader at a time');
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }
}
