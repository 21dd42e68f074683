// The service with processes in the place of containers, and a way to take the place of one of its agents.
import { execFileSync } from 'node:child_process';
import { on } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linkSocketName } from '../../../src/orchestrator/sandbox/agent-link.ts';
import { Service } from '../start-service.ts';
import type { Inherited, StartedSandbox } from './engineless-main.ts';

const root = new URL('../../..', import.meta.url).pathname;

export class EnginelessService extends Service {
  readonly #sandboxes = new Map<string, StartedSandbox>();

  static async open(environment: Readonly<Record<string, string>>): Promise<EnginelessService> {
    execFileSync(process.execPath, [join(root, 'scripts/build-agent.ts')], { stdio: 'inherit' });
    const service = new EnginelessService(
      await mkdtemp(join(tmpdir(), 'cellar-')),
      { CELLAR_POOL_MIN: '0', ...environment },
      'test/helpers/engineless/engineless-main.ts',
    );
    try {
      await service.start();
      return service;
    } catch (error) {
      await service[Symbol.asyncDispose]();
      throw error;
    }
  }

  override async start(environment: Readonly<Record<string, string>> = {}): Promise<void> {
    const started = super.start(environment);
    this.process.on('message', (message: StartedSandbox | Inherited) => {
      if ('sandboxId' in message) this.#sandboxes.set(message.sandboxId, message);
    });
    await started;
  }

  /** Stops the agent of a sandbox where it is, and lets somebody else dial with what it knew. */
  async takePlace(
    sandboxId: string,
    dial: (path: string, token: string) => Promise<Socket>,
  ): Promise<Socket> {
    const { pid, token, linkDirectory } = this.#sandboxes.get(sandboxId)!;
    process.kill(pid, 'SIGSTOP');
    return dial(join(linkDirectory, linkSocketName), token);
  }

  /** Names that every object of the service's process has inherited. */
  async inheritedNames(): Promise<readonly string[]> {
    const signal = AbortSignal.timeout(20_000);
    this.process.send('inherited?');
    for await (const [message] of on(this.process, 'message', { signal }))
      if ('inherited' in message) return message.inherited;
    throw new Error('the service gave no answer');
  }

  /** Memory of the service's process now and at most so far, bytes. */
  get memory(): { readonly now: number; readonly peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const of = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]);
    return { now: of('VmRSS') * 1024, peak: of('VmHWM') * 1024 };
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    for (const { pid } of this.#sandboxes.values())
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
  }
}
