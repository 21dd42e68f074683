// Runs a program of a test's own in a container that differs from a sandbox in nothing but that program, and gives back
// what it wrote. So a test sees with the eyes of code that has taken over the whole sandbox, agent included.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { newId } from '../../src/orchestrator/foundation/id.ts';
import { containerOptions } from '../../src/orchestrator/runtimes/docker/container-options.ts';
import { dockerConnection } from '../../src/orchestrator/runtimes/docker/docker-connection.ts';
import {
  type ContainerLimits,
  defaultAllowances,
  sandboxSpec,
} from '../../src/orchestrator/sandbox/hardening.ts';
import { loadSeccompProfile } from '../../src/orchestrator/sandbox/seccomp-profile.ts';

const MiB = 1024 * 1024;

export const probeLimits = {
  memoryBytes: 256 * MiB,
  cpus: 1,
  pids: 64,
  workspaceBytes: 32 * MiB,
} as const satisfies ContainerLimits;

export const probeUid = 265_000;

export type ProbeResult = {
  readonly output: string;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
};

export type ProbeOptions = {
  readonly limits?: Partial<ContainerLimits>;
  /** Files to find in the link directory, executable. */
  readonly files?: Readonly<Record<string, Buffer>>;
};

/** Runs `node -e code` in a sandbox's container. */
export function probeNode(code: string, options?: ProbeOptions): Promise<ProbeResult> {
  return probe(['/usr/local/bin/node', '-e', code], options);
}

/** Runs code that ends with a value, and gives the value. Throws with the output when it is none. */
export async function probeValue(code: string, options?: ProbeOptions): Promise<unknown> {
  const wrapped = `(async () => { ${code} })().then((value) => console.log(JSON.stringify(value)))`;
  const { output } = await probeNode(wrapped, options);
  try {
    return JSON.parse(output);
  } catch {
    throw new Error(`the probe failed: ${output}`);
  }
}

export async function probe(
  command: readonly string[],
  options: ProbeOptions = {},
): Promise<ProbeResult> {
  const docker = new Docker(dockerConnection(process.env.DOCKER_HOST));
  const linkDirectory = await mkdtemp(join(tmpdir(), 'cellar-probe-'));
  await chmod(linkDirectory, 0o755);
  for (const [name, content] of Object.entries(options.files ?? {}))
    await writeFile(join(linkDirectory, name), content, { mode: 0o755 });
  const spec = sandboxSpec(
    {
      instanceId: newId('inst'),
      image: 'cellar-sandbox:latest',
      seccompProfile: loadSeccompProfile(),
      ...defaultAllowances,
    },
    { ...probeLimits, ...options.limits },
    { sandboxId: newId('sbx'), uid: probeUid, token: 'token', runtime: 'runc', linkDirectory },
  );
  const container = await docker.createContainer({
    ...containerOptions(spec),
    Entrypoint: command.slice(0, 1),
    Cmd: command.slice(1),
  });
  try {
    const stream = await container.attach({ stream: true, stdout: true, stderr: true });
    const joined = new PassThrough();
    docker.modem.demuxStream(stream, joined, joined);
    stream.once('end', () => joined.end());
    const output = text(joined);
    await container.start();
    const { StatusCode: exitCode } = await container.wait();
    const { State: state } = await container.inspect();
    return { output: await output, exitCode, outOfMemory: state.OOMKilled };
  } finally {
    await container.remove({ force: true, v: true });
    await rm(linkDirectory, { recursive: true });
  }
}
