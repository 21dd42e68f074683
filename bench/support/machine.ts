// On what a benchmark ran: without it no number means anything to anybody else.
import { cpus, release, totalmem } from 'node:os';
import Docker from 'dockerode';
import { dockerConnection } from '../../src/orchestrator/runtimes/docker/docker-connection.ts';
import type { Cell } from './report.ts';

export function connectEngine(): Docker {
  return new Docker(dockerConnection(process.env.DOCKER_HOST));
}

/** Pairs of a name and what it is. */
export async function describeMachine(): Promise<readonly (readonly Cell[])[]> {
  const engine = await connectEngine().info();
  return [
    ['processor', `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}`],
    ['memory', `${(totalmem() / 2 ** 30).toFixed(0)} GiB`],
    ['kernel', `Linux ${release()}, control groups version ${engine.CgroupVersion ?? '1'}`],
    [
      'container engine',
      `Docker ${engine.ServerVersion}, ${engine.DefaultRuntime}, ${engine.Driver}`,
    ],
    ['Node', process.version],
  ];
}
