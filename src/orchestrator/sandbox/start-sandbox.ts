// From an identity to a sandbox that can be used: link directory, link, container, hello. A failure at any step takes
// down what the steps before have made.
import { existsSync } from 'node:fs';
import type { EgressHost } from '../egress/egress-terms.ts';
import { abortable } from '../foundation/abortable.ts';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { spanned, type Watched } from '../foundation/trace.ts';
import type { SandboxRecord } from '../registry/records.ts';
import type { Runtime, RuntimeSandbox } from '../runtimes/runtime.ts';
import type { Sandbox } from './agent.ts';
import { AgentLink } from './agent-link.ts';
import type { ExitWatch, WatchedSandbox } from './exit-watch.ts';
import { type ContainerLimits, type SandboxPolicy, sandboxSpec } from './hardening.ts';
import { linkDirectory, makeLinkDirectory, removeLinkDirectory } from './link-directory.ts';
import { LiveSandbox } from './sandbox.ts';
import { SandboxNetwork } from './sandbox-network.ts';

/** What all sandboxes of a service share. */
export type SandboxHost = Watched & {
  readonly runtime: Runtime;
  /** Before a container is removed: a last look at what it has used. Resolves soon and never rejects. */
  readonly lastLook?: (runtimeId: string) => Promise<void>;
  readonly exits: ExitWatch;
  readonly policy: SandboxPolicy;
  readonly egress: EgressHost;
  /**
   * Sandboxes that somebody in this process has, from their plan to their disposal, whether it succeeds or not. A container that is not
   * among them and belongs to no stored session is an orphan.
   */
  readonly owned: Set<string>;
  /** Those whose containers were started and are not known to be gone. */
  readonly running: Set<string>;
  /** Holds the link directories. The engine must know it under the same path. */
  readonly runDirectory: string;
  /** From the container's start to the agent's hello, milliseconds. */
  readonly readyMsMax: number;
  /** How long an agent that was there may stay away, milliseconds. */
  readonly awayMsMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

export type SandboxIntent = Pick<SandboxRecord, 'sandboxId' | 'token' | 'uid' | 'runtime'>;

const neverAborted = new AbortController().signal;

/**
 * Starts a container and waits for its agent. Throws AppErrors: `runtime_unavailable`, `sandbox_failed`, the signal's
 * own or `deadline_exceeded`; then nothing is left of it that could be removed.
 */
export async function startSandbox(
  host: SandboxHost,
  intent: SandboxIntent,
  limits: ContainerLimits,
  signal: AbortSignal,
): Promise<Sandbox> {
  const { sandboxId } = intent;
  const undo = ownership(host, sandboxId);
  try {
    const directory = await makeLinkDirectory(host.runDirectory, sandboxId);
    undo.defer(() => removeLinkDirectory(host.runDirectory, sandboxId));
    const network = undo.use(new SandboxNetwork(host.egress, directory, sandboxId));
    const watched = undo.use(host.exits.watch(sandboxId));
    const link = undo.use(await listen(host, intent, directory, 0));
    const spec = sandboxSpec(host.policy, limits, { ...intent, linkDirectory: directory });
    const runtimeId = await spanned(host.tracer, 'container start', {}, () =>
      host.runtime.start(spec, signal),
    );
    undo.defer(destruction(host, sandboxId, runtimeId));
    watched.started();
    await spanned(host.tracer, 'agent connect', {}, () =>
      abortable(hello(host, link, watched), signal),
    );
    // Once more, to be the first to go: the end of link and container that follows is then no loss.
    undo.use(link);
    undo.use(watched);
    const lost = ending(link, [link.lost, watched.exit]);
    const { runtime } = host;
    return new LiveSandbox({
      identity: { ...intent, runtimeId },
      engine: runtime,
      link,
      network,
      lost,
      undo,
    });
  } catch (error) {
    await takeDown(host, sandboxId, undo);
    throw failure('sandbox_failed', error);
  }
}

/**
 * Takes over the container of an earlier process; one that is paused stays so. Does not wait for its agent, which dials when it
 * notices; `lost` tells when it never does. Null when there is no container that could go on; what is there instead is destroyed. Throws
 * AppErrors: `runtime_unavailable` when the containers cannot be listed, and nothing is changed then; `sandbox_lost`.
 * `listed`: the engine's containers, for callers that adopt many; listed after the exit watch began.
 */
export async function adoptSandbox(
  host: SandboxHost,
  record: SandboxIntent,
  acknowledgedSeq: number,
  signal: AbortSignal,
  listed?: readonly RuntimeSandbox[],
): Promise<Sandbox | null> {
  const { sandboxId } = record;
  const containers = listed ?? (await host.runtime.list(host.policy.instanceId, signal));
  const container = containers.find((candidate) => candidate.sandboxId === sandboxId);
  const undo = ownership(host, sandboxId);
  try {
    undo.defer(() => removeLinkDirectory(host.runDirectory, sandboxId));
    if (container === undefined) {
      await undo.disposeAsync();
      return null;
    }
    const { runtimeId } = container;
    undo.defer(destruction(host, sandboxId, runtimeId));
    // The directory is mounted as it is: one made anew would not be seen inside.
    const directory = linkDirectory(host.runDirectory, sandboxId);
    if (container.state === 'exited' || container.state === 'created' || !existsSync(directory)) {
      await takeDown(host, sandboxId, undo);
      return null;
    }
    const network = undo.use(new SandboxNetwork(host.egress, directory, sandboxId));
    const watched = undo.use(host.exits.watch(sandboxId));
    watched.started();
    const link = undo.use(await listen(host, record, directory, acknowledgedSeq));
    const paused = container.state === 'paused';
    const losses: Sandbox['lost'][] = [link.lost, watched.exit];
    // What is frozen cannot dial: the link begins to miss it when it is thawed.
    if (paused) link.freeze();
    else losses.push(firstDialMissing(host, link, undo));
    return new LiveSandbox({
      identity: { ...record, runtimeId },
      engine: host.runtime,
      link,
      network,
      lost: ending(link, losses),
      undo,
      paused,
    });
  } catch (error) {
    await takeDown(host, sandboxId, undo);
    throw failure('sandbox_lost', error);
  }
}

/** The sandbox is somebody's until all that comes onto the stack is undone. */
function ownership({ owned }: SandboxHost, sandboxId: string): AsyncDisposableStack {
  const undo = new AsyncDisposableStack();
  owned.add(sandboxId);
  undo.defer(() => void owned.delete(sandboxId));
  return undo;
}

/** The container runs; the result removes it. */
function destruction(
  { runtime, running, observe, lastLook }: SandboxHost,
  sandboxId: string,
  runtimeId: string,
): () => Promise<void> {
  running.add(sandboxId);
  return async () => {
    observe?.({ type: 'sandboxEnding', runtimeId });
    await lastLook?.(runtimeId);
    await runtime.destroy(runtimeId, neverAborted);
    running.delete(sandboxId);
  };
}

function listen(
  { clock, log, awayMsMax, observe }: SandboxHost,
  { sandboxId, token }: SandboxIntent,
  directory: string,
  acknowledgedSeq: number,
): Promise<AgentLink> {
  const times = { awayMsMax };
  const parts = { clock, log, observe, times };
  return AgentLink.listen({ directory, sandboxId, token, acknowledgedSeq, ...parts });
}

async function hello(host: SandboxHost, link: AgentLink, watched: WatchedSandbox): Promise<void> {
  const late = new AbortController();
  const cancel = host.clock.after(host.readyMsMax, () =>
    late.abort(new Error(`no hello within ${host.readyMsMax} ms`)),
  );
  const exited = watched.exit.then((exit) => {
    throw new Error(exit.detail);
  });
  try {
    await Promise.race([link.ready(late.signal), exited]);
  } finally {
    cancel();
  }
}

/** Resolves when the agent of an adopted sandbox has not come back in time: a link alone waits for its first dial for ever. */
function firstDialMissing(
  host: SandboxHost,
  link: AgentLink,
  undo: AsyncDisposableStack,
): Promise<{ reason: 'unreachable'; detail: string }> {
  const { promise, resolve } = Promise.withResolvers<{ reason: 'unreachable'; detail: string }>();
  const cancel = host.clock.after(host.awayMsMax, () => {
    // After a freeze it is the link's to miss, from the thaw on.
    if (!link.wasFrozen) resolve({ reason: 'unreachable', detail: 'the agent did not come back' });
  });
  undo.defer(cancel);
  link.ready(neverAborted).then(cancel, () => {});
  return promise;
}

/** The first loss; the agent's events end with it, whatever it is. */
async function ending(link: AgentLink, losses: readonly Sandbox['lost'][]): Sandbox['lost'] {
  const loss = await Promise.race(losses);
  await link.finish();
  return loss;
}

async function takeDown(
  host: SandboxHost,
  sandboxId: string,
  undo: AsyncDisposableStack,
): Promise<void> {
  await undo.disposeAsync().catch((error: unknown) => {
    // The reconciler comes by later.
    host.log.warn({ sandboxId, err: error }, 'a sandbox could not be removed');
  });
}

function failure(code: 'sandbox_failed' | 'sandbox_lost', error: unknown): AppError {
  if (error instanceof AppError && error.code !== 'sandbox_lost') return error;
  return new AppError(code, { cause: error });
}
