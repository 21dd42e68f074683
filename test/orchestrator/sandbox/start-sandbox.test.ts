import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveSession } from '../../../src/agent/agent.ts';
import type { Link } from '../../../src/agent/link.ts';
import { Session } from '../../../src/agent/session.ts';
import { Workspace } from '../../../src/agent/workspace/workspace.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import type { Sandbox } from '../../../src/orchestrator/sandbox/agent.ts';
import { linkSocketName } from '../../../src/orchestrator/sandbox/agent-link.ts';
import { ExitWatch } from '../../../src/orchestrator/sandbox/exit-watch.ts';
import { defaultAllowances } from '../../../src/orchestrator/sandbox/hardening.ts';
import {
  adoptSandbox,
  type SandboxHost,
  startSandbox,
} from '../../../src/orchestrator/sandbox/start-sandbox.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { FakeRuntime } from '../../doubles/fake-runtime.ts';
import { ScriptedEngine } from '../../doubles/scripted-engine.ts';
import { configuration } from '../../helpers/commands.ts';
import { testEgress } from '../../helpers/egress.ts';

const limits = { memoryBytes: 1024, cpus: 1, pids: 8, workspaceBytes: 1024 };
const intent = { sandboxId: 'sbx-1', token: 'secret', uid: 200_000, runtime: 'runc' };
const patient = new AbortController().signal;

let runDirectory = '';
let clock: FakeClock;
let runtime: FakeRuntime;
let host: SandboxHost;
let agents: Link[];

beforeEach(async () => {
  runDirectory = await mkdtemp(join(tmpdir(), 'cellar-run-'));
  clock = new FakeClock();
  runtime = new FakeRuntime();
  agents = [];
  // What a container of ours does: the agent dials, with the token that it was given.
  runtime.onStart = ({ linkDirectory, environment }) => dial(linkDirectory, environment);
  const log = pino({ level: 'silent' });
  const image = 'cellar-sandbox:latest';
  const policy = { instanceId: 'inst-1', image, seccompProfile: '{}', ...defaultAllowances };
  const exits = new ExitWatch({ runtime, instanceId: 'inst-1', clock, log });
  const times = { readyMsMax: 20_000, awayMsMax: 10_000 };
  const sets = { owned: new Set<string>(), running: new Set<string>() };
  const egress = testEgress({ clock });
  host = { runtime, exits, policy, egress, runDirectory, ...sets, ...times, clock, log };
});

afterEach(async () => {
  for (const agent of agents) agent.close();
  await host.exits[Symbol.asyncDispose]();
  await rm(runDirectory, { recursive: true, force: true });
});

function dial(directory: string, environment: Readonly<Record<string, string>>): void {
  const session = new Session(
    new ScriptedEngine(),
    ['anarchy'],
    new Workspace(join(directory, 'space')),
  );
  const path = join(directory, linkSocketName);
  agents.push(serveSession(session, { path, token: environment.CELLAR_TOKEN ?? '' }));
}

async function expectNothingLeft(): Promise<void> {
  expect(await runtime.list('inst-1', patient)).toEqual([]);
  expect(await readdir(runDirectory)).toEqual([]);
}

describe('starting a sandbox', () => {
  it('gives a container whose agent answers', async () => {
    await using sandbox = await startSandbox(host, intent, limits, patient);
    expect(sandbox).toMatchObject({ sandboxId: 'sbx-1', runtime: 'runc' });
    await sandbox.agent.configure(configuration(), patient);
    expect(runtime.specOf('sbx-1')).toMatchObject({
      uid: 200_000,
      memoryBytes: 1024,
      linkDirectory: join(runDirectory, 'sbx-1'),
    });
  });

  it('leaves nothing behind when it is disposed', async () => {
    const sandbox = await startSandbox(host, intent, limits, patient);
    await Promise.all([sandbox[Symbol.asyncDispose](), sandbox[Symbol.asyncDispose]()]);
    await expectNothingLeft();
  });

  it('does not call a disposed sandbox lost', async () => {
    const sandbox = await startSandbox(host, intent, limits, patient);
    let lost = false;
    void sandbox.lost.then(() => {
      lost = true;
    });
    await sandbox[Symbol.asyncDispose]();
    clock.advance(60_000);
    await new Promise(setImmediate);
    expect(lost).toBe(false);
  });

  it('tells that the sandbox is lost when its container exits', async () => {
    await using sandbox = await startSandbox(host, intent, limits, patient);
    runtime.exit('sbx-1', 137, { outOfMemory: true });
    expect(await sandbox.lost).toMatchObject({ reason: 'outOfMemory' });
  });

  it('ends the events of a sandbox that is lost', async () => {
    await using sandbox = await startSandbox(host, intent, limits, patient);
    const next = sandbox.agent.events()[Symbol.asyncIterator]().next();
    runtime.exit('sbx-1', 137);
    expect(await next).toMatchObject({ done: true });
  });

  it('tells that the sandbox is lost when its agent stays away', async () => {
    await using sandbox = await startSandbox(host, intent, limits, patient);
    for (const agent of agents) agent.close();
    // The link notices, then waits as long as an agent may stay away.
    let reason: string | null = null;
    void sandbox.lost.then((loss) => {
      reason = loss.reason;
    });
    await expect
      .poll(() => {
        clock.advance(1_000);
        return reason;
      })
      .toBe('unreachable');
  });

  it('goes on with the other steps when the container cannot be destroyed, and says so', async () => {
    const sandbox = await startSandbox(host, intent, limits, patient);
    runtime.destroy = async () => {
      throw new Error('it hangs');
    };
    await expect(sandbox[Symbol.asyncDispose]()).rejects.toThrow('it hangs');
    expect(await readdir(runDirectory)).toEqual([]);
  });
});

/** Gives a look at why the sandbox was lost; null while it is not. */
async function lossOf(sandbox: Sandbox): Promise<() => Promise<string | null>> {
  let reason: string | null = null;
  void sandbox.lost.then((loss) => {
    reason = loss.reason;
  });
  return async () => {
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    return reason;
  };
}

describe('pausing a sandbox', () => {
  const stateOf = async () => (await runtime.list('inst-1', patient))[0]?.state;

  it('freezes its container, and takes its silence for no loss', async () => {
    await using sandbox = await startSandbox(host, intent, limits, patient);
    const lost = await lossOf(sandbox);
    await sandbox.pause(patient);
    await sandbox.pause(patient);
    expect([sandbox.paused, await stateOf()]).toEqual([true, 'paused']);
    for (const agent of agents) agent.close();
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(60_000);
      await new Promise(setImmediate);
    }
    expect(await lost()).toBeNull();
    await sandbox.resume(patient);
    expect([sandbox.paused, await stateOf()]).toEqual([false, 'running']);
    clock.advance(10_000);
    expect(await lost()).toBe('unreachable');
  });

  it('that fails leaves it running, with its agent watched', async () => {
    await using sandbox = await startSandbox(host, intent, limits, patient);
    // The answer is lost, not the call.
    const pause = runtime.pause.bind(runtime);
    runtime.pause = async (...request) => {
      await pause(...request);
      throw new AppError('runtime_unavailable');
    };
    await expect(sandbox.pause(patient)).rejects.toMatchObject({ code: 'runtime_unavailable' });
    expect([sandbox.paused, await stateOf()]).toEqual([false, 'running']);
    for (const agent of agents) agent.close();
    const lost = await lossOf(sandbox);
    await expect
      .poll(async () => {
        clock.advance(1_000);
        return lost();
      })
      .toBe('unreachable');
  });

  it('notices that the container is killed meanwhile', async () => {
    await using sandbox = await startSandbox(host, intent, limits, patient);
    await sandbox.pause(patient);
    runtime.exit('sbx-1', 137);
    expect(await sandbox.lost).toMatchObject({ reason: 'exited' });
    await expect(sandbox.resume(patient)).rejects.toMatchObject({ code: 'sandbox_lost' });
  });
});

describe('a start that fails', () => {
  it('leaves nothing when the engine refuses', async () => {
    runtime.images.clear();
    await expect(startSandbox(host, intent, limits, patient)).rejects.toMatchObject({
      code: 'sandbox_failed',
    });
    await expectNothingLeft();
  });

  it('leaves nothing when the engine is away', async () => {
    runtime.reachable = false;
    await expect(startSandbox(host, intent, limits, patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    expect(await readdir(runDirectory)).toEqual([]);
  });

  it('leaves nothing when no agent reports in time', async () => {
    const started = Promise.withResolvers<void>();
    runtime.onStart = () => started.resolve();
    const failed = expect(startSandbox(host, intent, limits, patient)).rejects.toMatchObject({
      code: 'sandbox_failed',
    });
    await started.promise;
    await new Promise(setImmediate);
    clock.advance(20_000);
    await failed;
    await expectNothingLeft();
  });

  it('leaves nothing when the container exits before its agent reports', async () => {
    runtime.onStart = () => {
      setImmediate(() => runtime.exit('sbx-1', 1));
    };
    await expect(startSandbox(host, intent, limits, patient)).rejects.toMatchObject({
      code: 'sandbox_failed',
    });
    await expectNothingLeft();
  });

  it('leaves nothing when the caller gives up', async () => {
    const giveUp = new AbortController();
    runtime.onStart = () => {
      setImmediate(() => giveUp.abort());
    };
    await expect(startSandbox(host, intent, limits, giveUp.signal)).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
    await expectNothingLeft();
  });

  it('does not take another container for its own', async () => {
    runtime.onStart = ({ linkDirectory }) => {
      dial(linkDirectory, { CELLAR_TOKEN: 'of another sandbox' });
      setImmediate(() => runtime.exit('sbx-1', 1));
    };
    await expect(startSandbox(host, intent, limits, patient)).rejects.toMatchObject({
      code: 'sandbox_failed',
    });
    await expectNothingLeft();
  });
});

describe('taking over a sandbox', () => {
  /** A container with its directory and no agent: what an earlier process has left. */
  async function leftBehind(): Promise<string> {
    const sandbox = await startSandbox(host, intent, limits, patient);
    for (const agent of agents.splice(0)) agent.close();
    return sandbox.runtimeId;
  }

  it('gives the container whose agent dials again', async () => {
    const runtimeId = await leftBehind();
    await using sandbox = (await adoptSandbox(host, intent, 0, patient))!;
    expect(sandbox.runtimeId).toBe(runtimeId);
    dial(join(runDirectory, 'sbx-1'), { CELLAR_TOKEN: 'secret' });
    await expect.poll(() => sandbox.agent.knownExecutions().size).toBe(0);
    runtime.exit('sbx-1', 1);
    expect(await sandbox.lost).toMatchObject({ reason: 'exited' });
  });

  it('tells that it is lost when the agent does not dial', async () => {
    await leftBehind();
    await using sandbox = (await adoptSandbox(host, intent, 0, patient))!;
    const next = sandbox.agent.events()[Symbol.asyncIterator]().next();
    clock.advance(10_000);
    expect(await sandbox.lost).toMatchObject({ reason: 'unreachable' });
    expect(await next).toMatchObject({ done: true });
  });

  it('leaves a paused one paused, and misses its agent only from its resumption on', async () => {
    await runtime.pause(await leftBehind(), patient);
    await using sandbox = (await adoptSandbox(host, intent, 0, patient))!;
    expect(sandbox.paused).toBe(true);
    const lost = await lossOf(sandbox);
    clock.advance(60_000);
    expect(await lost()).toBeNull();
    expect(await runtime.list('inst-1', patient)).toMatchObject([{ state: 'paused' }]);
    await sandbox.resume(patient);
    expect(await runtime.list('inst-1', patient)).toMatchObject([{ state: 'running' }]);
    clock.advance(10_000);
    expect(await lost()).toBe('unreachable');
  });

  it('does not miss the agent of one that is paused before it could dial', async () => {
    await leftBehind();
    await using sandbox = (await adoptSandbox(host, intent, 0, patient))!;
    const lost = await lossOf(sandbox);
    await sandbox.pause(patient);
    clock.advance(9_999);
    await sandbox.resume(patient);
    clock.advance(9_999);
    expect(await lost()).toBeNull();
    clock.advance(1);
    expect(await lost()).toBe('unreachable');
  });

  it('gives none, and clears away the rest, when the container is gone or has exited', async () => {
    expect(await adoptSandbox(host, intent, 0, patient)).toBeNull();
    await leftBehind();
    runtime.exit('sbx-1', 0);
    expect(await adoptSandbox(host, intent, 0, patient)).toBeNull();
    await expectNothingLeft();
  });

  it('destroys a container that cannot reach us any more', async () => {
    await leftBehind();
    await rm(join(runDirectory, 'sbx-1'), { recursive: true });
    expect(await adoptSandbox(host, intent, 0, patient)).toBeNull();
    await expectNothingLeft();
  });

  it('changes nothing while the engine cannot be asked', async () => {
    await leftBehind();
    runtime.reachable = false;
    await expect(adoptSandbox(host, intent, 0, patient)).rejects.toMatchObject({
      code: 'runtime_unavailable',
    });
    expect(existsSync(join(runDirectory, 'sbx-1'))).toBe(true);
    runtime.reachable = true;
    await using sandbox = await adoptSandbox(host, intent, 0, patient);
    expect(sandbox).not.toBeNull();
  });
});
