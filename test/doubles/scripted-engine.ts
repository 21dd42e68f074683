// An engine without a language, driven by the test: it notes what it was told, and the test says what the program does.

import type { InspectedNode, VariablesReply } from '#protocol';
import type {
  Engine,
  EngineEvent,
  EngineOutcome,
  EngineSettings,
  ExecutionSink,
} from '../../src/agent/engines/engine.ts';

export class ScriptedEngine implements Engine {
  readonly languageVersion = 1;
  /** What it was told, in order: `execute code`, `stop cause`, `input content`, `drained`. */
  readonly calls: string[] = [];
  settings: EngineSettings | null = null;
  image: Uint8Array[] = [];
  #sink: ExecutionSink | null = null;
  #called = Promise.withResolvers<void>();

  async prepare(): Promise<void> {
    this.#note('prepare');
  }

  configure(settings: EngineSettings): void {
    this.settings = settings;
  }

  execute(program: { code: string }, sink: ExecutionSink): void {
    this.#sink = sink;
    this.#note(`execute ${program.code}`);
  }

  stop(cause: string): void {
    this.#note(`stop ${cause}`);
  }

  input(content: string): void {
    this.#note(`input ${content}`);
  }

  drained(): void {
    this.#note('drained');
  }

  async variables(): Promise<VariablesReply> {
    return { items: [], truncated: false };
  }

  async inspect(): Promise<InspectedNode> {
    return { type: 'null', preview: 'null', size: 0 };
  }

  /** What was loaded last is what is saved. */
  async *save(): AsyncGenerator<Uint8Array> {
    this.#note('save');
    yield* this.image;
  }

  async load(image: AsyncIterable<Uint8Array>): Promise<void> {
    this.#note('load');
    const chunks: Uint8Array[] = [];
    for await (const chunk of image) chunks.push(new Uint8Array(chunk));
    this.image = chunks;
  }

  async reset(): Promise<void> {
    this.#note('reset');
    if (this.#sink !== null) this.end({ status: 'cancelled', stateLost: true });
    this.image = [];
  }

  async dispose(): Promise<void> {}

  /** The program makes something known; what the agent answered. */
  report(...batch: EngineEvent[]): boolean {
    return this.#sink!.events(batch);
  }

  print(content: string): boolean {
    return this.report({ type: 'output', channel: 'stdout', content });
  }

  end(outcome: Partial<EngineOutcome> = {}): void {
    const sink = this.#sink!;
    this.#sink = null;
    sink.ended({
      status: 'success',
      truncated: false,
      usage: { cpuMs: 1, memoryPeakBytes: 1, outputBytes: 0 },
      warnings: [],
      variables: { added: [], changed: [], removed: [] },
      stateLost: false,
      ...outcome,
    });
  }

  /** Resolves when it has been told this. */
  async told(call: string): Promise<void> {
    while (!this.calls.includes(call)) await this.#called.promise;
  }

  #note(call: string): void {
    this.calls.push(call);
    this.#called.resolve();
    this.#called = Promise.withResolvers();
  }
}
