import { pino } from 'pino';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ExitWatch } from '../../../src/orchestrator/sandbox/exit-watch.ts';
import { defaultAllowances, sandboxSpec } from '../../../src/orchestrator/sandbox/hardening.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { FakeRuntime } from '../../doubles/fake-runtime.ts';

const signal = new AbortController().signal;
let clock: FakeClock;
let runtime: FakeRuntime;
let watch: ExitWatch;

beforeEach(() => {
  clock = new FakeClock();
  runtime = new FakeRuntime();
  const log = pino({ level: 'silent' });
  watch = new ExitWatch({ runtime, instanceId: 'inst-1', clock, log });
});
afterEach(() => watch[Symbol.asyncDispose]());

async function start(sandboxId: string): Promise<void> {
  const image = 'cellar-sandbox:latest';
  const policy = { instanceId: 'inst-1', image, seccompProfile: '{}', ...defaultAllowances };
  const limits = { memoryBytes: 1, cpus: 1, pids: 1, workspaceBytes: 1 };
  const identity = { sandboxId, uid: 1000, token: 't', runtime: 'runc', linkDirectory: '/none' };
  await runtime.start(sandboxSpec(policy, limits, identity), signal);
}

/** The watch's stream is broken, and back. `meanwhile` happens without anyone being told. */
async function breakStream(meanwhile: () => void): Promise<void> {
  runtime.reachable = false;
  await expect.poll(() => clock.pending).toBe(1);
  meanwhile();
  runtime.reachable = true;
  clock.advance(5_000);
  await expect.poll(() => runtime.followers).toBe(1);
}

it('tells a sandbox that its container has exited, and no other one', async () => {
  await start('sbx-a');
  await start('sbx-b');
  const [a, b] = [watch.watch('sbx-a'), watch.watch('sbx-b')];
  runtime.exit('sbx-a', 1);
  expect(await a.exit).toEqual({ reason: 'exited', detail: 'the container exited with code 1' });
  runtime.exit('sbx-b', 0);
  expect(await b.exit).toEqual({ reason: 'exited', detail: 'the container exited with code 0' });
});

it('says when the kernel took it for its memory', async () => {
  await start('sbx-a');
  const watched = watch.watch('sbx-a');
  runtime.exit('sbx-a', 137, { outOfMemory: true });
  expect(await watched.exit).toMatchObject({ reason: 'outOfMemory' });
});

it('does not blame memory for an end that came by itself', async () => {
  await start('sbx-a');
  const watched = watch.watch('sbx-a');
  runtime.exit('sbx-a', 0, { outOfMemory: true });
  expect(await watched.exit).toMatchObject({ reason: 'exited' });
});

it('remembers an exit for whoever begins to watch after it', async () => {
  await start('sbx-a');
  await start('sbx-b');
  runtime.exit('sbx-a', 1);
  const other = watch.watch('sbx-b');
  runtime.exit('sbx-b', 1);
  await other.exit;
  expect(await watch.watch('sbx-a').exit).toMatchObject({ reason: 'exited' });
});

it('notices what exited, and what vanished, while the stream was broken', async () => {
  for (const sandboxId of ['sbx-a', 'sbx-b']) await start(sandboxId);
  const [a, b] = [watch.watch('sbx-a'), watch.watch('sbx-b')];
  for (const watched of [a, b]) watched.started();
  await breakStream(() => {
    runtime.exit('sbx-a', 1);
    runtime.vanish('sbx-b');
  });
  expect(await a.exit).toEqual({ reason: 'exited', detail: 'the container exited' });
  expect(await b.exit).toEqual({ reason: 'exited', detail: 'the container is gone' });
});

it('does not call a container gone that has not been started yet', async () => {
  const watched = watch.watch('sbx-a');
  let told = false;
  void watched.exit.then(() => {
    told = true;
  });
  await start('sbx-b');
  const other = watch.watch('sbx-b');
  other.started();
  await breakStream(() => runtime.vanish('sbx-b'));
  await other.exit;
  expect(told).toBe(false);
});

it('tries again and again to get its stream back', async () => {
  runtime.reachable = false;
  for (let tries = 0; tries < 5; tries++) {
    await expect.poll(() => clock.pending).toBe(1);
    clock.advance(5_000);
  }
  await expect.poll(() => clock.pending).toBe(1);
  runtime.reachable = true;
  clock.advance(5_000);
  await expect.poll(() => runtime.followers).toBe(1);
});

it('lets go of a sandbox that is disposed, and of the stream when it is disposed itself', async () => {
  await start('sbx-a');
  let told = false;
  const watched = watch.watch('sbx-a');
  void watched.exit.then(() => {
    told = true;
  });
  watched[Symbol.dispose]();
  runtime.exit('sbx-a', 1);
  await watch[Symbol.asyncDispose]();
  expect(runtime.followers).toBe(0);
  expect(told).toBe(false);
});
