// What the agent's main thread and the engine's worker tell each other while the worker is busy in a program: a few integers
// in shared memory. The main thread writes, the worker reads, and may sleep until something changes.
import type { StopCause } from '../engine.ts';

const stopSlot = 0;
const attentionSlot = 1;
const takenSlot = 2;
const changeSlot = 3;
const imageTakenSlot = 4;
const measuringSlot = 5;
const slots = 6;

const stopCauses: readonly (StopCause | null)[] = [null, 'cancelled', 'timeout'];

export class SharedState {
  readonly buffer: SharedArrayBuffer;
  readonly #slots: Int32Array;

  constructor(buffer = new SharedArrayBuffer(slots * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#slots = new Int32Array(buffer);
  }

  // --- main thread ---

  /** The running program must stop; null takes it back before the next one. */
  setStop(cause: StopCause | null): void {
    Atomics.store(this.#slots, stopSlot, stopCauses.indexOf(cause));
    this.#changed();
  }

  /** There is a message for a worker that may be busy. */
  callAttention(): void {
    Atomics.store(this.#slots, attentionSlot, 1);
    this.#changed();
  }

  /** Events of that cost have found their place. */
  addTaken(cost: number): void {
    Atomics.add(this.#slots, takenSlot, cost);
    this.#changed();
  }

  /** So many bytes of an image have found their place. */
  addImageTaken(bytes: number): void {
    Atomics.add(this.#slots, imageTakenSlot, bytes);
    this.#changed();
  }

  /** The worker is at something that no safe point interrupts. */
  get measuring(): boolean {
    return Atomics.load(this.#slots, measuringSlot) === 1;
  }

  #changed(): void {
    Atomics.add(this.#slots, changeSlot, 1);
    Atomics.notify(this.#slots, changeSlot);
  }

  // --- worker ---

  get stop(): StopCause | null {
    return stopCauses[Atomics.load(this.#slots, stopSlot)]!;
  }

  /** Whether attention was called since this was last asked. */
  takeAttention(): boolean {
    if (Atomics.load(this.#slots, attentionSlot) === 0) return false;
    return Atomics.exchange(this.#slots, attentionSlot, 0) === 1;
  }

  /** Cost of all events taken so far, modulo 2³². */
  get taken(): number {
    return Atomics.load(this.#slots, takenSlot);
  }

  /** Bytes of all images taken so far, modulo 2³². */
  get imageTaken(): number {
    return Atomics.load(this.#slots, imageTakenSlot);
  }

  /** Begins or ends what no safe point interrupts. */
  setMeasuring(measuring: boolean): void {
    Atomics.store(this.#slots, measuringSlot, measuring ? 1 : 0);
  }

  /** Grows with every change. Read it first, then look, then wait: so no change is missed. */
  get changes(): number {
    return Atomics.load(this.#slots, changeSlot);
  }

  /** Sleeps until something has changed since `changes` was read, or for that long. */
  waitForChange(changes: number, ms: number): void {
    Atomics.wait(this.#slots, changeSlot, changes, ms);
  }
}
