// Numbers the agent's events and keeps each until the orchestrator has it stored, over any number of links. It is bounded:
// past the soft limits it says `full`, and its users hold programs back; what ends an execution always finds room.
import { type AgentEvent, limits } from '#protocol';

type WithoutSeq<Event> = Event extends unknown ? Omit<Event, 'seq'> : never;
export type NewEvent = WithoutSeq<AgentEvent>;

type Kept = { readonly line: string; readonly bytes: number; readonly endedId: string | null };

/** Where lines go while a link is up. */
export interface LineSink {
  /** False: nothing more until `drained` is called on the buffer. */
  write(lines: string): boolean;
}

export type BufferLimits = { readonly eventsMax: number; readonly bytesMax: number };

/** A part of what the protocol allows: the rest is for the end of an execution and for what was under way before it. */
const defaultLimits: BufferLimits = {
  eventsMax: limits.unacknowledgedEventsMax / 2,
  bytesMax: limits.unacknowledgedBytesMax / 4,
};

/** How long an event that can wait does wait. */
const waitMs = 1;

/** One write to the link; larger ones gain nothing and hold memory twice. */
const writeLengthMax = 64 * 1024;

export class EventBuffer {
  readonly #limits: BufferLimits;
  readonly #onRoom: () => void;
  #kept: Kept[] = [];
  #bytes = 0;
  #lastSeq = 0;
  #sentSeq = 0;
  #sink: LineSink | null = null;
  #blocked = false;
  #scheduled = false;
  #wasFull = false;
  #timer: NodeJS.Timeout | undefined;

  /** `onRoom` is called when a buffer that was full has room again. */
  constructor(onRoom: () => void, bufferLimits: BufferLimits = defaultLimits) {
    this.#onRoom = onRoom;
    this.#limits = bufferLimits;
  }

  /** Seq of the newest event ever made. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  get full(): boolean {
    return this.#kept.length >= this.#limits.eventsMax || this.#bytes >= this.#limits.bytesMax;
  }

  /** Executions whose end is still kept. */
  endedExecutions(): string[] {
    return this.#kept.flatMap(({ endedId }) => endedId ?? []);
  }

  /**
   * Numbers the event and keeps it. All that is appended in one go of the event loop leaves in one write. `canWait`: it
   * may leave a moment later, together with what follows: most programs end sooner than a write costs.
   */
  append(event: NewEvent, canWait = false): void {
    const seq = ++this.#lastSeq;
    const line = `${JSON.stringify({ seq, ...event })}\n`;
    const bytes = Buffer.byteLength(line);
    // Engines bound what they report; a line that the other side must refuse would cost the whole session.
    if (bytes > limits.lineBytesMax) throw new Error(`event ${event.type} takes ${bytes} bytes`);
    this.#kept.push({ line, bytes, endedId: event.type === 'ended' ? event.executionId : null });
    this.#bytes += bytes;
    this.#wasFull ||= this.full;
    if (canWait) this.#timer ??= setTimeout(() => this.#send(), waitMs);
    else this.#schedule();
  }

  /** Forgets the events up to `seq`. */
  acknowledge(seq: number): void {
    const count = Math.min(seq, this.#lastSeq) - this.#firstSeq + 1;
    if (count <= 0) return;
    for (const { bytes } of this.#kept.splice(0, count)) this.#bytes -= bytes;
    if (this.#wasFull && !this.full) {
      this.#wasFull = false;
      this.#onRoom();
    }
  }

  /** A link is up: everything that is kept is sent again, then what comes. It takes the place of the link before. */
  attach(sink: LineSink): void {
    this.#sink = sink;
    this.#blocked = false;
    this.#sentSeq = this.#firstSeq - 1;
    this.#schedule();
  }

  /** That link is gone. */
  detach(sink: LineSink): void {
    if (this.#sink === sink) this.#sink = null;
  }

  /** The link takes lines again. */
  drained(sink: LineSink): void {
    if (this.#sink !== sink) return;
    this.#blocked = false;
    this.#send();
  }

  get #firstSeq(): number {
    return this.#lastSeq - this.#kept.length + 1;
  }

  #schedule(): void {
    if (this.#scheduled || this.#sink === null) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#sink !== null && !this.#blocked) {
      // An acknowledgement may have overtaken the sending.
      const next = Math.max(this.#sentSeq + 1, this.#firstSeq);
      if (next > this.#lastSeq) return;
      let lines = '';
      let index = next - this.#firstSeq;
      while (index < this.#kept.length && lines.length < writeLengthMax)
        lines += this.#kept[index++]!.line;
      this.#sentSeq = this.#firstSeq + index - 1;
      this.#blocked = !this.#sink.write(lines);
    }
  }
}
