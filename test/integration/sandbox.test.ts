// Sandboxes on the real engine with the real agent, without the service around them.
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { newId } from '../../src/orchestrator/foundation/id.ts';
import { dockerConnection } from '../../src/orchestrator/runtimes/docker/docker-connection.ts';
import { DockerRuntime } from '../../src/orchestrator/runtimes/docker/docker-runtime.ts';
import type { Sandbox } from '../../src/orchestrator/sandbox/agent.ts';
import { DirectSource } from '../../src/orchestrator/sandbox/direct-source.ts';
import { ExitWatch } from '../../src/orchestrator/sandbox/exit-watch.ts';
import { defaultAllowances } from '../../src/orchestrator/sandbox/hardening.ts';
import { loadSeccompProfile } from '../../src/orchestrator/sandbox/seccomp-profile.ts';
import { UidPool } from '../../src/orchestrator/sandbox/uid-pool.ts';
import { configuration, program } from '../helpers/commands.ts';
import { testEgress } from '../helpers/egress.ts';

const MiB = 1024 * 1024;
const limits = {
  memoryBytes: 256 * MiB,
  cpus: 1,
  pids: 64,
  workspaceBytes: 16 * MiB,
  outputBytes: MiB,
};
const connection = dockerConnection(process.env.DOCKER_HOST);
const runtime = new DockerRuntime(connection);
const instanceId = newId('inst');
const patience = () => AbortSignal.timeout(60_000);
let runDirectory = '';
let exits: ExitWatch;
let source: DirectSource;

beforeAll(async () => {
  runDirectory = await mkdtemp(join(tmpdir(), 'cellar-run-'));
  const log = pino({ level: 'silent' });
  exits = new ExitWatch({ runtime, instanceId, clock: systemClock, log });
  const image = 'cellar-sandbox:latest';
  const policy = {
    instanceId,
    image,
    seccompProfile: loadSeccompProfile(),
    ...defaultAllowances,
  };
  const times = { readyMsMax: 60_000, awayMsMax: 60_000 };
  const sets = { owned: new Set<string>(), running: new Set<string>() };
  const host = {
    runtime,
    exits,
    policy,
    egress: testEgress(),
    runDirectory,
    ...sets,
    ...times,
    clock: systemClock,
    log,
  };
  const uids = new UidPool({ first: 266_000, count: 100 });
  source = new DirectSource({ host, uids, runtimeName: 'runc' });
});

afterAll(async () => {
  const left = await runtime.list(instanceId, patience());
  for (const { runtimeId } of left) await runtime.destroy(runtimeId, patience());
  await exits[Symbol.asyncDispose]();
  await rm(runDirectory, { recursive: true });
  // Every test has cleaned up after itself.
  expect(left).toEqual([]);
});

async function result(sandbox: Sandbox, code: string): Promise<unknown> {
  sandbox.agent.execute(program('exec-1', code));
  for await (const event of sandbox.agent.events()) {
    if (event.type === 'ended') return event.result?.value;
  }
  throw new Error('no end');
}

it('runs code in a container, and leaves nothing behind', async () => {
  const plan = source.plan();
  const sandbox = await source.start(plan, limits, patience());
  await sandbox.agent.configure(configuration(), patience());
  expect(await result(sandbox, '20 + 22')).toBe(42);
  const usage = await source.usage(sandbox, patience());
  expect(usage.memoryBytes).toBeGreaterThan(0);
  expect(usage.memoryBytes).toBeLessThan(limits.memoryBytes);
  await sandbox[Symbol.asyncDispose]();
  expect(await runtime.list(instanceId, patience())).toEqual([]);
  expect(existsSync(join(runDirectory, plan.sandboxId))).toBe(false);
});

it('gives two sandboxes different uids', async () => {
  const plans = [source.plan(), source.plan()];
  expect(plans[0]?.uid).not.toBe(plans[1]?.uid);
});

it('tells when somebody kills the container', async () => {
  await using sandbox = await source.start(source.plan(), limits, patience());
  await new Docker(connection).getContainer(sandbox.runtimeId).kill();
  expect(await sandbox.lost).toEqual({
    reason: 'exited',
    detail: 'the container exited with code 137',
  });
});

it('answers again after new limits and after a pause', async () => {
  await using sandbox = await source.start(source.plan(), limits, patience());
  await sandbox.agent.configure(configuration(), patience());
  await source.update(sandbox, { ...limits, memoryBytes: 384 * MiB, cpus: 0.5 }, patience());
  await runtime.pause(sandbox.runtimeId, patience());
  await runtime.resume(sandbox.runtimeId, patience());
  expect(await result(sandbox, '6 * 7')).toBe(42);
});
