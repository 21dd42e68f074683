// Sandboxes on the real engine, without the service around them.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { newId } from '../../src/orchestrator/foundation/id.ts';
import { dockerConnection } from '../../src/orchestrator/runtimes/docker/docker-connection.ts';
import { DockerRuntime } from '../../src/orchestrator/runtimes/docker/docker-runtime.ts';
import { DirectSource } from '../../src/orchestrator/sandbox/direct-source.ts';
import { ExitWatch } from '../../src/orchestrator/sandbox/exit-watch.ts';
import { defaultAllowances } from '../../src/orchestrator/sandbox/hardening.ts';
import { loadSeccompProfile } from '../../src/orchestrator/sandbox/seccomp-profile.ts';
import { UidPool } from '../../src/orchestrator/sandbox/uid-pool.ts';
import { testEgress } from './egress.ts';

const MiB = 1024 * 1024;
export const sandboxLimits = {
  memoryBytes: 256 * MiB,
  cpus: 1,
  pids: 64,
  workspaceBytes: 16 * MiB,
  outputBytes: MiB,
};
const patience = () => AbortSignal.timeout(60_000);

export class DockerSandboxes {
  readonly runtime = new DockerRuntime(dockerConnection(process.env.DOCKER_HOST));
  readonly instanceId = newId('inst');
  readonly runDirectory: string;
  readonly source: DirectSource;
  readonly #exits: ExitWatch;

  private constructor(runDirectory: string, uidFirst: number) {
    this.runDirectory = runDirectory;
    const log = pino({ level: 'silent' });
    const { runtime, instanceId } = this;
    this.#exits = new ExitWatch({ runtime, instanceId, clock: systemClock, log });
    const policy = {
      instanceId,
      image: 'cellar-sandbox:latest',
      seccompProfile: loadSeccompProfile(),
      ...defaultAllowances,
    };
    const host = {
      runtime,
      exits: this.#exits,
      policy,
      egress: testEgress(),
      runDirectory,
      owned: new Set<string>(),
      running: new Set<string>(),
      readyMsMax: 60_000,
      awayMsMax: 60_000,
      clock: systemClock,
      log,
    };
    const uids = new UidPool({ first: uidFirst, count: 100 });
    this.source = new DirectSource({ host, uids, runtimeName: 'runc' });
  }

  /** `uidFirst`: files that run at the same time must not share user ids. */
  static async open(uidFirst: number): Promise<DockerSandboxes> {
    return new DockerSandboxes(await mkdtemp(join(tmpdir(), 'cellar-run-')), uidFirst);
  }

  /** Removes what is left; gives which containers that were: every test should have cleaned up after itself. */
  async close(): Promise<string[]> {
    const left = await this.runtime.list(this.instanceId, patience());
    for (const { runtimeId } of left) await this.runtime.destroy(runtimeId, patience());
    await this.#exits[Symbol.asyncDispose]();
    await rm(this.runDirectory, { recursive: true });
    return left.map(({ runtimeId }) => runtimeId);
  }
}
