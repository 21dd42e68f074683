// The language's door to the world, in the worker: output with back pressure, input, waiting, and the question whether the
// program must stop. A program runs inside of these calls, so they block the thread where they have to.
import { randomBytes } from 'node:crypto';
import type { MessagePort } from 'node:worker_threads';
import type { Files, Host, Network, StopReason } from '#language';
import { type ExecutionProfile, limits, type OutputChannel } from '#protocol';
import type { EngineEvent, EngineOutcome, EngineSettings } from '../engine.ts';
import type { HeapGuard } from './heap-guard.ts';
import { InputLines } from './input-lines.ts';
import { nodeCryptography } from './node-cryptography.ts';
import { Output } from './output.ts';
import type { SharedState } from './shared-state.ts';
import { stopReason } from './stop-reason.ts';
import type { FromWorker, Program, RequestAnswer } from './worker-messages.ts';
import { WorkerNetwork } from './worker-network.ts';

/** What one execution may have posted and the main thread has not found a place for. */
const underWayCostMax = 256 * 1024;
/** What an event costs beside its text. */
const eventCost = 256;
/** Bytes of an image that may be posted and not taken. */
const imageUnderWayMax = 512 * 1024;
const flushLength = 16 * 1024;
const flushMs = 5;
const heapCheckMs = 5;
const progressMs = 20;
/** One value may take this part of the session's memory. */
const valueShare = 0.25;
/** The session's environment variable that lists its features, separated by commas (SPEC 6.7). */
const featuresVariable = 'FEATURES';

export type WorkerHostOptions = {
  readonly port: Pick<MessagePort, 'postMessage'>;
  readonly shared: SharedState;
  readonly heap: HeapGuard;
  readonly files: Files;
  /** Handles the messages that came in while the program runs. */
  readonly attend: () => void;
};

export class WorkerHost implements Host {
  readonly cryptography = nodeCryptography;
  readonly files: Files;
  readonly #port: Pick<MessagePort, 'postMessage'>;
  readonly #shared: SharedState;
  readonly #heap: HeapGuard;
  readonly #attend: () => void;
  readonly #network: WorkerNetwork;
  #hasNetwork = false;
  #environment: ReadonlyMap<string, string> = new Map();
  #features: ReadonlySet<string> = new Set();
  #outputBytesMax = 0;
  #valueBytesMax = 0;
  #output = new Output({ bytesMax: 0, capture: false });
  #input = new InputLines('', false);
  #interactive = false;
  #timeoutMs = 0;
  #events: EngineEvent[] = [];
  /** Of all executions, modulo 2³², as the other side counts. */
  #postedCost = 0;
  /** Of this execution's output. */
  #postedBytes = 0;
  #reportedCost = 0;
  /** Of all images, modulo 2³², as the other side counts. */
  #imagePosted = 0;
  #flushedAt = 0;
  #heapCheckedAt = 0;
  #progressAt = 0;
  #progressHeld: EngineEvent | null = null;
  #cpuAtBegin = process.threadCpuUsage();

  constructor({ port, shared, heap, files, attend }: WorkerHostOptions) {
    this.files = files;
    this.#port = port;
    this.#shared = shared;
    this.#heap = heap;
    this.#attend = attend;
    this.#network = new WorkerNetwork({
      post: (message) => port.postMessage(message),
      wait: (done) => {
        this.#tellProgress(performance.now());
        this.flush();
        return this.#waitUntil(done);
      },
      valueBytesMax: () => this.#valueBytesMax,
    });
  }

  /** Limits count from the next execution on, the environment from now. */
  configure({ environment, outputBytesMax, heapBytesMax, network }: EngineSettings): void {
    this.#hasNetwork = network !== undefined;
    this.#environment = new Map(Object.entries(environment));
    const features = this.#environment.get(featuresVariable) ?? '';
    this.#features = new Set(features.split(',').flatMap((feature) => feature.trim() || []));
    this.#outputBytesMax = outputBytesMax;
    this.#valueBytesMax = Math.floor(heapBytesMax * valueShare);
    this.#heap.softBytes = heapBytesMax;
  }

  get environment(): ReadonlyMap<string, string> {
    return this.#environment;
  }

  get features(): ReadonlySet<string> {
    return this.#features;
  }

  get network(): Network | null {
    return this.#hasNetwork ? this.#network : null;
  }

  get valueBytesMax(): number {
    return this.#valueBytesMax;
  }

  /** An execution begins; `prepare` is done for it, at nobody's cost. */
  begin(program: Program, prepare: () => void = () => {}): void {
    this.#output = new Output({
      bytesMax: this.#outputBytesMax,
      capture: program.captureOutput,
    });
    this.#input = new InputLines(program.stdin ?? '', program.interactive);
    this.#interactive = program.interactive;
    this.#timeoutMs = program.timeoutMs;
    this.#postedBytes = 0;
    this.#progressHeld = null;
    this.#progressAt = 0;
    this.#flushedAt = performance.now();
    this.#heap.begin();
    prepare();
    this.#cpuAtBegin = process.threadCpuUsage();
  }

  /** An image is about to be saved. */
  beginSave(): void {
    this.#output = new Output({ bytesMax: 0, capture: false });
    this.#imagePosted = this.#shared.imageTaken;
    this.#heap.beginSave();
  }

  /** An image is about to be loaded. */
  beginLoad(): void {
    this.#output = new Output({ bytesMax: 0, capture: false });
    this.#heap.beginLoad();
  }

  /** A chunk of the image that is being saved, which is given away. Blocks while the reader is behind. */
  sendImage(chunk: Uint8Array): void {
    // Whoever stopped it wants no more; the next poll ends it.
    if (this.#stopReason() !== null) return;
    this.#imagePosted = (this.#imagePosted + chunk.byteLength) | 0;
    const message: FromWorker = { type: 'imageChunk', chunk };
    this.#port.postMessage(message, [chunk.buffer as ArrayBuffer]);
    this.#waitUntil(() => ((this.#imagePosted - this.#shared.imageTaken) | 0) < imageUnderWayMax);
  }

  /**
   * It has ended: what is left goes out together with the outcome, and with the profile, which is made when the program's use has been
   * measured.
   */
  end(
    outcome: Omit<EngineOutcome, 'stateLost' | 'usage' | 'truncated' | 'profile'>,
    profileOf: () => ExecutionProfile | null = () => null,
  ): void {
    const cpu = process.threadCpuUsage(this.#cpuAtBegin);
    const usage = {
      cpuMs: (cpu.user + cpu.system) / 1000,
      memoryPeakBytes: this.#heap.peakBytes,
      outputBytes: this.#output.bytes,
    };
    const profile = profileOf();
    this.#post({
      ...outcome,
      usage,
      truncated: this.#output.truncated,
      ...(profile === null ? {} : { profile }),
    });
  }

  /** More text for `readLine`. */
  addInput(text: string): void {
    this.#input.add(text);
  }

  /** How a request of the running program has ended. */
  addResponse(id: number, answer: RequestAnswer): void {
    this.#network.receive(id, answer);
  }

  /** An event of the running program that is not output; `cost` is about its size in bytes. */
  report(event: EngineEvent, cost = 0): void {
    this.#output.take(this.#events);
    this.#events.push(event);
    this.#reportedCost += cost;
    if (this.#reportedCost >= flushLength) this.flush();
  }

  poll(): StopReason | null {
    if (this.#shared.takeAttention()) this.#attend();
    const stop = this.#stopReason();
    if (stop !== null) return stop;
    const now = performance.now();
    if (now - this.#flushedAt >= flushMs) this.#flushAt(now);
    if (this.#output.excessive)
      return { type: 'ResourceLimitError', message: 'Output limit exceeded' };
    if (now - this.#heapCheckedAt < heapCheckMs) return null;
    this.#heapCheckedAt = now;
    return this.#heap.check(now);
  }

  write(channel: OutputChannel, text: string): void {
    this.#output.write(channel, text, this.#events);
    if (this.#output.pendingLength >= flushLength) {
      this.flush();
      return;
    }
    const now = performance.now();
    if (now - this.#flushedAt >= flushMs) this.#flushAt(now);
  }

  readLine(prompt: string): string | null | StopReason {
    let line = this.#input.next();
    if (line !== null || !this.#interactive) return line;
    this.#tellProgress(performance.now());
    this.report({ type: 'inputRequest', prompt: prompt.slice(0, limits.textLengthMax) });
    this.flush();
    const stop = this.#waitUntil(() => {
      line = this.#input.next();
      return line !== null;
    });
    return stop ?? line;
  }

  sleep(ms: number): StopReason | null {
    this.#tellProgress(performance.now());
    this.flush();
    const end = performance.now() + ms;
    return this.#waitUntil(() => performance.now() >= end, end);
  }

  progress(value: number, of: number | null): void {
    // JSON has no form for the others.
    if (!Number.isFinite(value) || (of !== null && !Number.isFinite(of))) return;
    this.#progressHeld = { type: 'progress', value, ...(of === null ? {} : { of }) };
    const now = performance.now();
    if (now - this.#progressAt >= progressMs) this.#flushAt(now);
  }

  now(): number {
    return Date.now();
  }

  randomSeed(): number {
    return randomBytes(4).readUInt32LE();
  }

  /** Sends what is gathered, and waits while too much is under way. */
  flush(): void {
    this.#flushAt(performance.now());
  }

  #flushAt(now: number): void {
    this.#flushedAt = now;
    if (now - this.#progressAt >= progressMs) this.#tellProgress(now);
    if (this.#output.pendingLength === 0 && this.#events.length === 0) return;
    this.#post(null);
    this.#waitUntil(() => ((this.#postedCost - this.#shared.taken) | 0) < underWayCostMax);
  }

  /** The latest progress goes out: when the one before is old enough, and before a program waits. */
  #tellProgress(now: number): void {
    const held = this.#progressHeld;
    if (held === null) return;
    this.#progressHeld = null;
    this.#progressAt = now;
    this.report(held);
  }

  #post(outcome: Omit<EngineOutcome, 'stateLost'> | null): void {
    this.#output.take(this.#events);
    // The last progress is always told.
    if (outcome !== null && this.#progressHeld !== null) this.#events.push(this.#progressHeld);
    const batch = this.#events;
    this.#events = [];
    const outputBytes = this.#output.keptBytes - this.#postedBytes;
    const cost = batch.length * eventCost + outputBytes + this.#reportedCost;
    this.#postedBytes = this.#output.keptBytes;
    this.#reportedCost = 0;
    this.#postedCost = (this.#postedCost + cost) | 0;
    this.#port.postMessage({ type: 'events', batch, cost, outcome } satisfies FromWorker);
  }

  /** Sleeps until `done`, answering questions meanwhile. A stop reason ends the wait. `end`: monotonic time to wake up at. */
  #waitUntil(done: () => boolean, end = Number.POSITIVE_INFINITY): StopReason | null {
    for (;;) {
      const changes = this.#shared.changes;
      if (this.#shared.takeAttention()) this.#attend();
      const stop = this.#stopReason();
      if (stop !== null) return stop;
      if (done()) return null;
      this.#shared.waitForChange(changes, end - performance.now());
    }
  }

  #stopReason(): StopReason | null {
    const cause = this.#shared.stop;
    return cause === null ? null : stopReason(cause, this.#timeoutMs);
  }
}
