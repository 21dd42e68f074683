// A runtime whose sandboxes are the real agents as plain processes of this machine, with no wall around them: for tests of what
// stands on the port that need agents but no engine. Only code of the tests' own may run there.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SandboxSpec } from '../../src/orchestrator/runtimes/sandbox-spec.ts';
import { linkSocketName } from '../../src/orchestrator/sandbox/agent-link.ts';
import { FakeRuntime } from './fake-runtime.ts';

/** As `scripts/build-agent.ts` makes it. */
const entry = new URL('../../build/agent/agent.mjs', import.meta.url).pathname;

export class ProcessRuntime extends FakeRuntime {
  /** Told of each sandbox that starts, with the id of its process. */
  onProcess: (spec: SandboxSpec, pid: number) => void = () => {};
  readonly #processes = new Map<string, ChildProcess>();

  override async start(spec: SandboxSpec, signal: AbortSignal): Promise<string> {
    const runtimeId = await super.start(spec, signal);
    const workspace = mkdtempSync(join(tmpdir(), 'process-sandbox-'));
    const child = spawn(process.execPath, [entry], {
      env: {
        ...spec.environment,
        CELLAR_LINK: join(spec.linkDirectory, linkSocketName),
        CELLAR_WORKSPACE: workspace,
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    this.#processes.set(runtimeId, child);
    child.once('exit', (code) => {
      rmSync(workspace, { recursive: true, force: true });
      this.exit(spec.sandboxId, code ?? 137);
    });
    this.onProcess(spec, child.pid!);
    return runtimeId;
  }

  override async destroy(runtimeId: string, signal: AbortSignal): Promise<void> {
    this.#processes.get(runtimeId)?.kill('SIGKILL');
    this.#processes.delete(runtimeId);
    await super.destroy(runtimeId, signal);
  }

  override async pause(runtimeId: string, signal: AbortSignal): Promise<void> {
    await super.pause(runtimeId, signal);
    this.#processes.get(runtimeId)?.kill('SIGSTOP');
  }

  override async resume(runtimeId: string, signal: AbortSignal): Promise<void> {
    await super.resume(runtimeId, signal);
    this.#processes.get(runtimeId)?.kill('SIGCONT');
  }
}
