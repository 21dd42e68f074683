// A container engine in memory, for tests of what stands on the port. Runs nothing: `onStart` is where a test lets an agent
// dial. It answers the contract in test/contracts like the real one.
import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import type {
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  RuntimeSandbox,
  RuntimeUsage,
} from '../../src/orchestrator/runtimes/runtime.ts';
import type { SandboxSpec } from '../../src/orchestrator/runtimes/sandbox-spec.ts';

type Container = { spec: SandboxSpec; state: RuntimeSandbox['state']; readonly createdAt: number };
type Listener = {
  readonly instanceId: string;
  readonly tell: (event: RuntimeEvent | null) => void;
};

export class FakeRuntime implements Runtime {
  readonly capabilities = { pause: true, update: true };
  /** Images that containers can be made from. */
  readonly images = new Set(['cellar-sandbox:latest']);
  /** Another number: the images were made anew under their names. */
  imageVersion = 1;
  /** Called when a container runs. What it throws fails the start. */
  onStart: (spec: SandboxSpec) => void | Promise<void> = () => {};
  /** Milliseconds since 1970 for containers that are made from now on. */
  now: () => number = () => Date.now();
  readonly #containers = new Map<string, Container>();
  readonly #listeners = new Set<Listener>();
  #reachable = true;
  #made = 0;

  async info(signal: AbortSignal): Promise<RuntimeInfo> {
    this.#check(signal);
    return { engine: 'fake', version: '1', runtimes: ['runc'] };
  }

  async flaws(signal: AbortSignal): Promise<readonly string[]> {
    this.#check(signal);
    return [];
  }

  async imageIdentity(image: string, signal: AbortSignal): Promise<string> {
    this.#check(signal);
    if (!this.images.has(image)) throw new AppError('sandbox_failed');
    return `${image} ${this.imageVersion}`;
  }

  async start(spec: SandboxSpec, signal: AbortSignal): Promise<string> {
    this.#check(signal);
    const taken = [...this.#containers.values()].some(
      (container) => container.spec.sandboxId === spec.sandboxId,
    );
    if (taken || !this.images.has(spec.image)) throw new AppError('sandbox_failed');
    const runtimeId = `container-${++this.#made}`;
    this.#containers.set(runtimeId, { spec, state: 'running', createdAt: this.now() });
    try {
      await this.onStart(spec);
      this.#check(signal);
    } catch (cause) {
      this.#containers.delete(runtimeId);
      throw cause instanceof AppError ? cause : new AppError('sandbox_failed', { cause });
    }
    return runtimeId;
  }

  async destroy(runtimeId: string, signal: AbortSignal): Promise<void> {
    this.#check(signal);
    const container = this.#containers.get(runtimeId);
    if (container === undefined) return;
    if (container.state !== 'exited') this.#end(container, 137);
    this.#containers.delete(runtimeId);
  }

  async pause(runtimeId: string, signal: AbortSignal): Promise<void> {
    this.#alive(runtimeId, signal).state = 'paused';
  }

  async resume(runtimeId: string, signal: AbortSignal): Promise<void> {
    this.#alive(runtimeId, signal).state = 'running';
  }

  async update(
    runtimeId: string,
    limits: Pick<SandboxSpec, 'memoryBytes' | 'cpus' | 'pids'>,
    signal: AbortSignal,
  ): Promise<void> {
    const container = this.#find(runtimeId, signal);
    const { memoryBytes, cpus, pids } = limits;
    container.spec = { ...container.spec, memoryBytes, cpus, pids };
  }

  async usage(runtimeId: string, signal: AbortSignal): Promise<RuntimeUsage> {
    this.#find(runtimeId, signal);
    return { cpuMs: 1, memoryBytes: 1024, memoryPeakBytes: 2048, pids: 1 };
  }

  async list(instanceId: string, signal: AbortSignal): Promise<RuntimeSandbox[]> {
    this.#check(signal);
    return [...this.#containers]
      .filter(([, { spec }]) => spec.instanceId === instanceId)
      .map(([runtimeId, { spec, state, createdAt }]) => ({
        runtimeId,
        sandboxId: spec.sandboxId,
        instanceId,
        uid: spec.uid,
        state,
        createdAt,
      }));
  }

  events(instanceId: string, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const waiting: (RuntimeEvent | null)[] = [];
    let wake: () => void = () => {};
    const listener: Listener = {
      instanceId,
      tell(event) {
        waiting.push(event);
        wake();
      },
    };
    const reachable = this.#reachable;
    if (reachable) this.#listeners.add(listener);
    signal.addEventListener('abort', () => wake(), { once: true });
    const forget = () => this.#listeners.delete(listener);
    return (async function* () {
      if (!reachable) throw new AppError('runtime_unavailable');
      try {
        while (!signal.aborted) {
          const event = waiting.shift();
          if (event === null) throw new AppError('runtime_unavailable');
          if (event !== undefined) yield event;
          else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        forget();
      }
    })();
  }

  /** The container ends by itself; with `outOfMemory` because the kernel took it. */
  exit(sandboxId: string, exitCode: number, options: { outOfMemory?: boolean } = {}): void {
    for (const container of this.#containers.values()) {
      if (container.spec.sandboxId !== sandboxId) continue;
      const { instanceId } = container.spec;
      if (options.outOfMemory)
        this.#tell(instanceId, { type: 'outOfMemory', sandboxId, exitCode: null });
      this.#end(container, exitCode);
    }
  }

  /** A container is gone, and nobody was told. */
  vanish(sandboxId: string): void {
    for (const [runtimeId, { spec }] of this.#containers)
      if (spec.sandboxId === sandboxId) this.#containers.delete(runtimeId);
  }

  /** False: the engine cannot be reached, and its event streams break. */
  set reachable(reachable: boolean) {
    this.#reachable = reachable;
    if (!reachable) for (const listener of this.#listeners) listener.tell(null);
  }

  /** The specification that a container was made from, with its later changes. */
  specOf(sandboxId: string): SandboxSpec | undefined {
    const containers = [...this.#containers.values()];
    return containers.find(({ spec }) => spec.sandboxId === sandboxId)?.spec;
  }

  /** Event streams that are open. */
  get followers(): number {
    return this.#listeners.size;
  }

  #end(container: Container, exitCode: number): void {
    container.state = 'exited';
    const { instanceId, sandboxId } = container.spec;
    this.#tell(instanceId, { type: 'exited', sandboxId, exitCode });
  }

  #tell(instanceId: string, event: RuntimeEvent): void {
    for (const listener of this.#listeners)
      if (listener.instanceId === instanceId) listener.tell(event);
  }

  #alive(runtimeId: string, signal: AbortSignal): Container {
    const container = this.#find(runtimeId, signal);
    if (container.state === 'exited') throw new AppError('sandbox_lost');
    return container;
  }

  #find(runtimeId: string, signal: AbortSignal): Container {
    this.#check(signal);
    const container = this.#containers.get(runtimeId);
    if (container === undefined) throw new AppError('sandbox_lost');
    return container;
  }

  #check(signal: AbortSignal): void {
    if (signal.aborted) throw new AppError('deadline_exceeded', { cause: signal.reason });
    if (!this.#reachable) throw new AppError('runtime_unavailable');
  }
}
