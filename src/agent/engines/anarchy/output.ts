// The output of one execution on its way out: counted, cut at the limit, gathered into pieces that are worth a message.
import { limits, type OutputChannel } from '#protocol';
import type { EngineEvent } from '../engine.ts';

/** A program that writes this many times what it may is stopped: its output would never end. */
const excessFactor = 16;

export type OutputLimits = {
  /** UTF-8 bytes that are kept. */
  readonly bytesMax: number;
  /** False: counted and dropped. */
  readonly capture: boolean;
};

export class Output {
  readonly #limits: OutputLimits;
  #channel: OutputChannel = 'stdout';
  #text = '';
  #bytes = 0;
  #keptBytes = 0;
  #truncated = false;

  constructor(outputLimits: OutputLimits) {
    this.#limits = outputLimits;
  }

  /** UTF-8 bytes that the program wrote, those that were dropped included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** UTF-8 bytes of those that are kept. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** Something was dropped because of the limit. */
  get truncated(): boolean {
    return this.#truncated;
  }

  /** So far over the limit that the program should be stopped. */
  get excessive(): boolean {
    return this.#limits.capture && this.#bytes > this.#limits.bytesMax * excessFactor;
  }

  /** Text that waits to be taken, UTF-16 units. */
  get pendingLength(): number {
    return this.#text.length;
  }

  /** Adds text; what waits for another channel is put into `events` first, so that the order stays. */
  write(channel: OutputChannel, text: string, events: EngineEvent[]): void {
    const bytes = Buffer.byteLength(text);
    this.#bytes += bytes;
    if (!this.#limits.capture || bytes === 0) return;
    const room = this.#limits.bytesMax - this.#keptBytes;
    if (bytes > room) {
      this.#truncated = true;
      if (room <= 0) return;
      text = beginning(text, room);
      // Nothing after the cut, even where a shorter text would fit: what is kept is a beginning of the output.
      this.#keptBytes = this.#limits.bytesMax;
    } else this.#keptBytes += bytes;
    if (channel !== this.#channel) {
      this.take(events);
      this.#channel = channel;
    }
    this.#text += text;
  }

  /** Moves what waits into `events`. */
  take(events: EngineEvent[]): void {
    const text = this.#text;
    if (text === '') return;
    this.#text = '';
    for (let start = 0; start < text.length; ) {
      const end = pieceEnd(text, start);
      events.push({ type: 'output', channel: this.#channel, content: text.slice(start, end) });
      start = end;
    }
  }
}

/** End of the piece that begins at `start`: as long as an event may be, and not within a surrogate pair. */
function pieceEnd(text: string, start: number): number {
  const end = start + limits.outputChunkLengthMax;
  if (end >= text.length) return text.length;
  const isPair = isHighSurrogate(text.charCodeAt(end - 1)) && isLowSurrogate(text.charCodeAt(end));
  return isPair ? end - 1 : end;
}

/** The longest beginning of `text` that takes at most `bytes` in UTF-8, in whole characters. */
function beginning(text: string, bytes: number): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(bytes));
  return text.slice(0, read);
}

const isHighSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdbff;
const isLowSurrogate = (unit: number) => unit >= 0xdc00 && unit <= 0xdfff;
