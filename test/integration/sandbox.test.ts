// Sandboxes on the real engine with the real agent, without the service around them.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Docker from 'dockerode';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { dockerConnection } from '../../src/orchestrator/runtimes/docker/docker-connection.ts';
import type { Sandbox } from '../../src/orchestrator/sandbox/agent.ts';
import type { DirectSource } from '../../src/orchestrator/sandbox/direct-source.ts';
import { configuration, program } from '../helpers/commands.ts';
import { DockerSandboxes, sandboxLimits } from '../helpers/docker-sandboxes.ts';

const connection = dockerConnection(process.env.DOCKER_HOST);
const patience = () => AbortSignal.timeout(60_000);
let sandboxes: DockerSandboxes;
let source: DirectSource;

beforeAll(async () => {
  sandboxes = await DockerSandboxes.open(266_000);
  ({ source } = sandboxes);
});
afterAll(async () => expect(await sandboxes.close()).toEqual([]));

async function result(sandbox: Sandbox, code: string): Promise<unknown> {
  sandbox.agent.execute(program('exec-1', code));
  for await (const event of sandbox.agent.events()) {
    if (event.type === 'ended') return event.result?.value;
  }
  throw new Error('no end');
}

it('runs code in a container, and leaves nothing behind', async () => {
  const plan = source.plan();
  const sandbox = await source.start(plan, sandboxLimits, patience());
  await sandbox.agent.configure(configuration(), patience());
  expect(await result(sandbox, '20 + 22')).toBe(42);
  const usage = await source.usage(sandbox, patience());
  expect(usage.memoryBytes).toBeGreaterThan(0);
  expect(usage.memoryBytes).toBeLessThan(sandboxLimits.memoryBytes);
  await sandbox[Symbol.asyncDispose]();
  expect(await sandboxes.runtime.list(sandboxes.instanceId, patience())).toEqual([]);
  expect(existsSync(join(sandboxes.runDirectory, plan.sandboxId))).toBe(false);
});

it('gives two sandboxes different uids', async () => {
  const plans = [source.plan(), source.plan()];
  expect(plans[0]?.uid).not.toBe(plans[1]?.uid);
});

it('tells when somebody kills the container', async () => {
  await using sandbox = await source.start(source.plan(), sandboxLimits, patience());
  await new Docker(connection).getContainer(sandbox.runtimeId).kill();
  expect(await sandbox.lost).toEqual({
    reason: 'exited',
    detail: 'the container exited with code 137',
  });
});

it('answers again after new sandboxLimits and after a pause', async () => {
  await using sandbox = await source.start(source.plan(), sandboxLimits, patience());
  await sandbox.agent.configure(configuration(), patience());
  await source.update(
    sandbox,
    { ...sandboxLimits, memoryBytes: 384 * 2 ** 20, cpus: 0.5 },
    patience(),
  );
  await sandboxes.runtime.pause(sandbox.runtimeId, patience());
  await sandboxes.runtime.resume(sandbox.runtimeId, patience());
  expect(await result(sandbox, '6 * 7')).toBe(42);
});
