// V8's profilers, run around one execution in the thread of the engine. They are asked through a session of the inspector that stays
// inside of the thread: no port is opened, and nothing of it is where programs could reach it. Nothing is loaded before it is asked for.
import type { Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import type { ExecutionProfile, Interpreter, Profiling, RawNode } from '#language';
import { type ExecutionProfile as DescribedProfile, limits } from '#protocol';
import { describedProfile } from './described-profile.ts';

const intervalMicros = 1_000;
/** Allocated between two samples, on average. */
const allocationBytes = 32 * 1024;
/**
 * In larger heaps allocations are not asked for: V8 collects all garbage before it answers, which could take longer than a program that
 * was stopped has to end.
 */
const heapBytesMax = 64 * 1024 * 1024;
/** In heaps that are larger at the beginning nothing is sampled: V8 looks through all of the heap for code before it begins. */
const heapBytesMaxAtStart = 128 * 1024 * 1024;
/** What V8 gathers is taken from it this often, for it has no bound: soon first, so that little is lost with a worker that dies. */
const turnMicrosMin = 2_000_000;
const turnMicrosMax = 10_000_000;
/** For the same reason sampling is not begun anew in a large heap: it goes on for so long, and ends. */
const lastTurnMicros = 60_000_000;

type ProtocolNode = {
  readonly callFrame: { readonly functionName: string; readonly scriptId: string; url: string };
};
type CpuNode = ProtocolNode & {
  readonly id: number;
  readonly children?: readonly number[];
  readonly positionTicks?: RawNode['ticks'];
};
type CpuProfile = {
  readonly nodes: readonly CpuNode[];
  readonly startTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
};
type HeapNode = ProtocolNode & { readonly selfSize: number; readonly children: HeapNode[] };

export type ProfilerListener = {
  /** Told now and then how the profile stands. */
  readonly onTurn: (profile: DescribedProfile) => void;
  /** Told when V8 begins, and has ended, what no safe point interrupts. */
  readonly setMeasuring: (measuring: boolean) => void;
};

export class Profiler {
  readonly #session: Session;
  /** Of the heap's profiler; null from the moment that it was given up. */
  #heapSession: Session | null;
  readonly #profile: ExecutionProfile;
  readonly #listener: ProfilerListener;
  /** V8's samples of the heap name scripts by their numbers only. */
  readonly #urls = new Map<string, string>();
  #turnMicros = turnMicrosMin;
  #turnAt = 0;
  #begunAt = 0;
  /** It samples no more. */
  #ended = false;

  /** Begins to sample this thread; null where it cannot. */
  static start(interpreter: Interpreter, listener: ProfilerListener): Profiler | null {
    if (getHeapStatistics().used_heap_size > heapBytesMaxAtStart) return null;
    listener.setMeasuring(true);
    try {
      const { Session } = process.getBuiltinModule('node:inspector');
      return new Profiler(new Session(), new Session(), interpreter, listener);
    } catch {
      return null;
    } finally {
      listener.setMeasuring(false);
    }
  }

  private constructor(
    session: Session,
    heapSession: Session,
    interpreter: Interpreter,
    listener: ProfilerListener,
  ) {
    this.#session = session;
    this.#heapSession = heapSession;
    this.#listener = listener;
    this.#profile = interpreter.profile({
      functionsMax: limits.profileFunctionsMax,
      linesMax: limits.profileLinesMax,
      nodesMax: limits.profileNodesMax,
    });
    session.connect();
    heapSession.connect();
    try {
      this.#ask('Profiler.enable');
      this.#ask('Profiler.setSamplingInterval', { interval: intervalMicros });
      // Code that was optimised before does not know its lines. This has V8 make it anew.
      this.#ask('Profiler.startPreciseCoverage', { callCount: false, detailed: false });
      this.#ask('Profiler.stopPreciseCoverage');
      this.#begin();
    } catch (error) {
      this.#disconnect();
      throw error;
    }
  }

  /** For the execution. */
  get profiling(): Profiling {
    return { profile: this.#profile, now, onSafePoint: () => this.#atSafePoint() };
  }

  /** Ends the sampling and gives what was found; null when that failed. */
  stop(): DescribedProfile | null {
    this.#listener.setMeasuring(true);
    try {
      if (!this.#ended) this.#take();
      return this.#described(this.#ended);
    } catch {
      return null;
    } finally {
      this.#disconnect();
      this.#listener.setMeasuring(false);
    }
  }

  #disconnect(): void {
    this.#session.disconnect();
    this.#heapSession?.disconnect();
  }

  #atSafePoint(): void {
    if (this.#ended || now() < this.#turnAt) return;
    const isLast = isHeapLarge();
    if (isLast && now() < this.#begunAt + lastTurnMicros) return;
    this.#listener.setMeasuring(true);
    try {
      this.#take();
      const described = this.#described(true);
      if (described !== null) this.#listener.onTurn(described);
      this.#turnMicros = Math.min(this.#turnMicros * 2, turnMicrosMax);
      if (isLast) this.#ended = true;
      else this.#begin();
    } catch {
      // The program goes on; what was found so far is told at its end.
      this.#ended = true;
    } finally {
      this.#listener.setMeasuring(false);
    }
  }

  #begin(): void {
    if (this.#heapSession !== null)
      ask(this.#heapSession, 'HeapProfiler.startSampling', {
        samplingInterval: allocationBytes,
        includeObjectsCollectedByMajorGC: true,
        includeObjectsCollectedByMinorGC: true,
      });
    this.#ask('Profiler.start');
    this.#begunAt = now();
    this.#turnAt = this.#begunAt + this.#turnMicros;
  }

  #take(): void {
    const end = now();
    const { profile } = this.#ask<{ profile: CpuProfile }>('Profiler.stop');
    const { nodes, indices } = inOrder(profile.nodes);
    for (const { callFrame } of profile.nodes)
      if (callFrame.url !== '') this.#urls.set(callFrame.scriptId, callFrame.url);
    const times: number[] = [];
    let time = profile.startTime;
    for (const delta of profile.timeDeltas ?? []) {
      time += delta;
      times.push(time);
    }
    const samples = (profile.samples ?? []).map((id) => indices.get(id) ?? -1);
    this.#profile.add({ nodes, samples, times, start: this.#begunAt, end });
    this.#takeAllocations();
  }

  #takeAllocations(): void {
    if (this.#heapSession === null) return;
    if (isHeapLarge()) {
      this.#heapSession.disconnect();
      this.#heapSession = null;
      return;
    }
    const { profile } = ask<{ profile: { head: HeapNode } }>(
      this.#heapSession,
      'HeapProfiler.stopSampling',
    );
    this.#profile.addAllocations(this.#allocations(profile.head));
  }

  #allocations(head: HeapNode) {
    const nodes: Omit<RawNode, 'ticks'>[] = [];
    const bytes: number[] = [];
    const open: { node: HeapNode; parent: number }[] = [{ node: head, parent: -1 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { node, parent } = next;
      const { functionName, scriptId, url } = node.callFrame;
      const index = nodes.length;
      nodes.push({ parent, url: url || (this.#urls.get(scriptId) ?? ''), name: functionName });
      bytes.push(node.selfSize);
      for (const child of node.children) open.push({ node: child, parent: index });
    }
    return { nodes, bytes };
  }

  #described(partial: boolean): DescribedProfile | null {
    const report = this.#profile.report();
    const truncated = report.truncated || this.#heapSession === null;
    return describedProfile({ ...report, truncated }, intervalMicros / 1000, partial);
  }

  #ask<Answer>(method: string, parameters: object = {}): Answer {
    return ask(this.#session, method, parameters);
  }
}

function isHeapLarge(): boolean {
  return getHeapStatistics().used_heap_size > heapBytesMax;
}

function ask<Answer>(session: Session, method: string, parameters: object = {}): Answer {
  let failure: Error | null = null;
  let answer: object | undefined;
  // Within the thread it is answered before `post` returns.
  session.post(method, parameters, (error, given) => {
    failure = error;
    answer = given;
  });
  if (failure !== null || answer === undefined) throw new Error(`${method} failed`);
  return answer as Answer;
}

/** Callers before what they call, by index. */
function inOrder(given: readonly CpuNode[]): { nodes: RawNode[]; indices: Map<number, number> } {
  const byId = new Map(given.map((node) => [node.id, node]));
  const nodes: RawNode[] = [];
  const indices = new Map<number, number>();
  const open = given.slice(0, 1).map(({ id }) => ({ id, parent: -1 }));
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const node = byId.get(next.id);
    if (node === undefined) continue;
    const { callFrame, positionTicks: ticks = [], children = [] } = node;
    const index = nodes.length;
    indices.set(node.id, index);
    nodes.push({ parent: next.parent, url: callFrame.url, name: callFrame.functionName, ticks });
    for (const id of children) open.push({ id, parent: index });
  }
  return { nodes, indices };
}

/** V8's clock, in microseconds. */
function now(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
