// What every runtime promises, whatever engine is behind it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/orchestrator/foundation/id.ts';
import type { Runtime, RuntimeEvent } from '../../src/orchestrator/runtimes/runtime.ts';
import type { SandboxSpec } from '../../src/orchestrator/runtimes/sandbox-spec.ts';
import { defaultAllowances, sandboxSpec } from '../../src/orchestrator/sandbox/hardening.ts';
import { loadSeccompProfile } from '../../src/orchestrator/sandbox/seccomp-profile.ts';

export type RuntimeSubject = {
  readonly runtime: Runtime;
  /** Ends the container from outside, as a crash would, with this exit code. */
  crash(sandboxId: string, runtimeId: string): Promise<{ exitCode: number }>;
};

const MiB = 1024 * 1024;

export function describeRuntime(name: string, subject: () => RuntimeSubject): void {
  describe(`the ${name} runtime`, () => {
    const { runtime, crash } = subject();
    const instanceId = newId('inst');
    const neighbourId = newId('inst');
    let linkDirectory = '';
    const signal = () => AbortSignal.timeout(60_000);

    const spec = (changes: Partial<SandboxSpec> = {}): SandboxSpec => ({
      ...sandboxSpec(
        {
          instanceId,
          image: 'cellar-sandbox:latest',
          seccompProfile: loadSeccompProfile(),
          ...defaultAllowances,
        },
        { memoryBytes: 256 * MiB, cpus: 1, pids: 64, workspaceBytes: 16 * MiB },
        { sandboxId: newId('sbx'), uid: 264_000, token: 'token', runtime: 'runc', linkDirectory },
      ),
      ...changes,
    });
    const destroyAll = async () => {
      for (const owner of [instanceId, neighbourId])
        for (const { runtimeId } of await runtime.list(owner, signal()))
          await runtime.destroy(runtimeId, signal());
    };

    beforeAll(async () => {
      linkDirectory = await mkdtemp(join(tmpdir(), 'cellar-link-'));
    });
    afterEach(destroyAll);
    afterAll(async () => {
      await rm(linkDirectory, { recursive: true });
      for (const owner of [instanceId, neighbourId])
        expect(await runtime.list(owner, signal())).toEqual([]);
    });

    it('says which runtimes the engine knows', async () => {
      const info = await runtime.info(signal());
      expect(info.runtimes).toContain('runc');
      expect(info.version).not.toBe('');
    });

    it('lists a started sandbox as running, with whose it is and since when', async () => {
      const before = Date.now();
      const { sandboxId } = spec();
      const runtimeId = await runtime.start(spec({ sandboxId }), signal());
      const [listed, ...others] = await runtime.list(instanceId, signal());
      expect(others).toEqual([]);
      expect(listed).toMatchObject({ runtimeId, sandboxId, instanceId, state: 'running' });
      // Engines tell the second only.
      expect(listed?.createdAt).toBeGreaterThan(before - 2_000);
      expect(listed?.createdAt).toBeLessThanOrEqual(Date.now());
    });

    it('lists no sandbox of another instance', async () => {
      await runtime.start(spec({ instanceId: neighbourId }), signal());
      expect(await runtime.list(instanceId, signal())).toEqual([]);
      expect(await runtime.list(neighbourId, signal())).toHaveLength(1);
    });

    it('destroys a sandbox, and does not mind destroying it again', async () => {
      const runtimeId = await runtime.start(spec(), signal());
      await runtime.destroy(runtimeId, signal());
      expect(await runtime.list(instanceId, signal())).toEqual([]);
      await runtime.destroy(runtimeId, signal());
    });

    it('destroys a paused sandbox', async () => {
      const runtimeId = await runtime.start(spec(), signal());
      await runtime.pause(runtimeId, signal());
      await runtime.destroy(runtimeId, signal());
      expect(await runtime.list(instanceId, signal())).toEqual([]);
    });

    it('leaves nothing behind when a start fails', async () => {
      const failed = runtime.start(spec({ image: 'cellar-sandbox:no-such-tag' }), signal());
      await expect(failed).rejects.toMatchObject({ code: 'sandbox_failed' });
      expect(await runtime.list(instanceId, signal())).toEqual([]);
    });

    it('starts nothing when the signal has fired already', async () => {
      const aborted = runtime.start(spec(), AbortSignal.abort());
      await expect(aborted).rejects.toMatchObject({ code: 'deadline_exceeded' });
      expect(await runtime.list(instanceId, signal())).toEqual([]);
    });

    it('refuses a second sandbox with the same id and keeps the first', async () => {
      const { sandboxId } = spec();
      const runtimeId = await runtime.start(spec({ sandboxId }), signal());
      const second = runtime.start(spec({ sandboxId }), signal());
      await expect(second).rejects.toMatchObject({ code: 'sandbox_failed' });
      expect(await runtime.list(instanceId, signal())).toMatchObject([
        { runtimeId, state: 'running' },
      ]);
    });

    it('pauses and resumes', async () => {
      const runtimeId = await runtime.start(spec(), signal());
      for (const state of ['paused', 'running']) {
        // Once more does no harm: whoever asks may not have heard the first answer.
        for (let times = 0; times < 2; times++) {
          if (state === 'paused') await runtime.pause(runtimeId, signal());
          else await runtime.resume(runtimeId, signal());
          expect(await runtime.list(instanceId, signal())).toMatchObject([{ state }]);
        }
      }
    });

    it('measures a paused sandbox, whose processor time stands still', async () => {
      const runtimeId = await runtime.start(spec(), signal());
      await runtime.pause(runtimeId, signal());
      const { cpuMs } = await runtime.usage(runtimeId, signal());
      expect((await runtime.usage(runtimeId, signal())).cpuMs).toBe(cpuMs);
      expect(cpuMs).toBeGreaterThan(0);
    });

    it('calls what has exited lost, whether it is to be frozen or thawed', async () => {
      const { sandboxId } = spec();
      const runtimeId = await runtime.start(spec({ sandboxId }), signal());
      await crash(sandboxId, runtimeId);
      for (const verb of ['pause', 'resume'] as const)
        await expect(runtime[verb](runtimeId, signal())).rejects.toMatchObject({
          code: 'sandbox_lost',
        });
    });

    it('takes new limits for a running sandbox', async () => {
      const runtimeId = await runtime.start(spec(), signal());
      await runtime.update(runtimeId, { memoryBytes: 512 * MiB, cpus: 0.5, pids: 128 }, signal());
      expect(await runtime.list(instanceId, signal())).toMatchObject([{ state: 'running' }]);
    });

    it('measures a running sandbox', async () => {
      const runtimeId = await runtime.start(spec(), signal());
      const usage = await runtime.usage(runtimeId, signal());
      expect(usage.memoryBytes).toBeGreaterThan(0);
      expect(usage.memoryPeakBytes).toBeGreaterThanOrEqual(usage.memoryBytes);
      expect(usage.pids).toBeGreaterThan(0);
      expect(usage.cpuMs).toBeGreaterThan(0);
    });

    it('calls a sandbox that is gone lost', async () => {
      const runtimeId = await runtime.start(spec(), signal());
      await runtime.destroy(runtimeId, signal());
      await expect(runtime.pause(runtimeId, signal())).rejects.toMatchObject({
        code: 'sandbox_lost',
      });
    });

    it('tells the exit of a sandbox of this instance, with its code', async () => {
      const stop = new AbortController();
      const seen: RuntimeEvent[] = [];
      const following = follow(runtime.events(instanceId, stop.signal), seen);
      const neighbour = spec({ instanceId: neighbourId });
      await crash(neighbour.sandboxId, await runtime.start(neighbour, signal()));
      const { sandboxId } = spec();
      const runtimeId = await runtime.start(spec({ sandboxId }), signal());
      const { exitCode } = await crash(sandboxId, runtimeId);
      await expect.poll(() => seen).toContainEqual({ type: 'exited', sandboxId, exitCode });
      expect(seen).not.toContainEqual(expect.objectContaining({ sandboxId: neighbour.sandboxId }));
      expect(await runtime.list(instanceId, signal())).toMatchObject([{ state: 'exited' }]);
      stop.abort();
      await following;
    });

    it('ends the events without an error when it is told to', async () => {
      const stop = new AbortController();
      const following = follow(runtime.events(instanceId, stop.signal), []);
      // Answered, so the stream is open by now or will find the signal fired.
      await runtime.list(instanceId, signal());
      stop.abort();
      await following;
    });
  });
}

async function follow(events: AsyncIterable<RuntimeEvent>, seen: RuntimeEvent[]): Promise<void> {
  for await (const event of events) seen.push(event);
}
