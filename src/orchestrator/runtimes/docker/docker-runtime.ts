// The runtime port on the Docker Engine. Every call has a deadline of its own besides the caller's signal: the engine
// holds a lock per container, and one that hangs must cost nobody anything but itself.
import { setTimeout as delay } from 'node:timers/promises';
import Docker, { type ContainerInfo, type DockerOptions } from 'dockerode';
import { abortable } from '../../foundation/abortable.ts';
import { AppError } from '../../foundation/errors.ts';
import type {
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  RuntimeSandbox,
  RuntimeUsage,
} from '../runtime.ts';
import type { SandboxSpec } from '../sandbox-spec.ts';
import {
  containerName,
  containerOptions,
  instanceLabel,
  resourceOptions,
  sandboxLabel,
  uidLabel,
} from './container-options.ts';
import {
  callError,
  EngineTimeout,
  refusalStatus,
  startError,
  unavailable,
} from './docker-errors.ts';
import { dockerEvents } from './docker-events.ts';
import { runtimeUsage } from './docker-usage.ts';
import { engineCall, givenUp } from './engine-call.ts';
import { knownFlaws } from './known-flaws.ts';

/** Milliseconds after which a call is given up, whatever the caller's patience. */
export type EngineDeadlines = { readonly queryMs: number; readonly changeMs: number };

const freezeAttemptsMax = 5;
const freezeRetryMs = 200;

const defaultDeadlines: EngineDeadlines = { queryMs: 10_000, changeMs: 30_000 };

export class DockerRuntime implements Runtime {
  readonly capabilities = { pause: true, update: true } as const;
  readonly #docker: Docker;
  readonly #deadlines: EngineDeadlines;
  /** Containers about which the engine did not answer in time. Only removing them is still tried. */
  readonly #quarantine = new Set<string>();

  constructor(connection: DockerOptions, deadlines: EngineDeadlines = defaultDeadlines) {
    this.#docker = new Docker(connection);
    this.#deadlines = deadlines;
  }

  /** Runtime ids that hung and were not removed since. */
  get quarantined(): ReadonlySet<string> {
    return this.#quarantine;
  }

  async info(signal: AbortSignal): Promise<RuntimeInfo> {
    try {
      const info = await engineCall(this.#deadlines.queryMs, signal, () => this.#docker.info());
      return {
        engine: 'docker',
        version: info.ServerVersion,
        runtimes: Object.keys(info.Runtimes ?? {}).sort(),
      };
    } catch (error) {
      throw unavailable(error);
    }
  }

  async flaws(signal: AbortSignal): Promise<readonly string[]> {
    try {
      const version = await engineCall(this.#deadlines.queryMs, signal, () =>
        this.#docker.version(),
      );
      const parts: readonly { Name: string; Version: string }[] = version.Components ?? [];
      return knownFlaws(parts.find(({ Name }) => Name === 'runc')?.Version ?? '');
    } catch (error) {
      throw unavailable(error);
    }
  }

  async imageIdentity(image: string, signal: AbortSignal): Promise<string> {
    try {
      const inspect = () => this.#docker.getImage(image).inspect();
      return (await engineCall(this.#deadlines.queryMs, signal, inspect)).Id;
    } catch (error) {
      throw startError(error);
    }
  }

  async start(spec: SandboxSpec, signal: AbortSignal): Promise<string> {
    const container = await this.#create(spec, signal);
    try {
      await engineCall(this.#deadlines.changeMs, signal, (abortSignal) =>
        container.start({ abortSignal }),
      );
      return container.id;
    } catch (error) {
      await this.#abandon(container.id);
      throw startError(error);
    }
  }

  async destroy(runtimeId: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#about(runtimeId, signal, (abortSignal) =>
        this.#docker.getContainer(runtimeId).remove({ force: true, v: true, abortSignal }),
      );
    } catch (error) {
      const status = refusalStatus(error);
      // Gone already, or somebody else's removal of it is under way.
      if (status !== 404 && status !== 409) throw unavailable(error);
    }
    this.#quarantine.delete(runtimeId);
  }

  async pause(runtimeId: string, signal: AbortSignal): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#freeze(runtimeId, true, signal);
      } catch (error) {
        // A process that is held up in the kernel keeps its container from freezing; a moment later it goes.
        const mayPass = refusalStatus((error as AppError).cause) === 500;
        if (!mayPass || attempt === freezeAttemptsMax || signal.aborted) throw error;
        await delay(freezeRetryMs);
      }
    }
  }

  async resume(runtimeId: string, signal: AbortSignal): Promise<void> {
    await this.#freeze(runtimeId, false, signal);
  }

  async update(
    runtimeId: string,
    limits: Pick<SandboxSpec, 'memoryBytes' | 'cpus' | 'pids'>,
    signal: AbortSignal,
  ): Promise<void> {
    const options = resourceOptions(limits);
    await this.#change(runtimeId, signal, (abortSignal) =>
      this.#docker.getContainer(runtimeId).update({ ...options, abortSignal }),
    );
  }

  async usage(runtimeId: string, signal: AbortSignal): Promise<RuntimeUsage> {
    const options = { stream: false, 'one-shot': true } as const;
    const stats = await this.#change(runtimeId, signal, (abortSignal) =>
      this.#docker.getContainer(runtimeId).stats({ ...options, ...{ abortSignal } }),
    );
    return runtimeUsage(stats);
  }

  async list(instanceId: string, signal: AbortSignal): Promise<RuntimeSandbox[]> {
    const filters = { label: [`${instanceLabel}=${instanceId}`] };
    try {
      const containers = await engineCall(this.#deadlines.queryMs, signal, (abortSignal) =>
        this.#docker.listContainers({ all: true, filters, abortSignal }),
      );
      return containers.map(runtimeSandbox);
    } catch (error) {
      throw unavailable(error);
    }
  }

  events(instanceId: string, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    const options = { instanceId, openMsMax: this.#deadlines.queryMs, since: Date.now() };
    return dockerEvents(this.#docker, options, signal);
  }

  async #create(spec: SandboxSpec, signal: AbortSignal): Promise<Docker.Container> {
    if (signal.aborted) throw givenUp(signal);
    // Name and body apart: dockerode would otherwise put the whole body, token and all, into the address as well.
    const request = {
      _query: { name: containerName(spec.sandboxId) },
      _body: containerOptions(spec),
    };
    const creation = engineCall(this.#deadlines.changeMs, neverAborted, (abortSignal) =>
      this.#docker.createContainer({ ...request, ...{ abortSignal } }),
    );
    try {
      // The wait ends with the signal, the call does not: hanging up on it would leave open whether a container was made.
      return await abortable(creation, signal);
    } catch (error) {
      if (signal.aborted) void creation.then((container) => this.#abandon(container.id), ignore);
      if (error instanceof EngineTimeout) await this.#abandon(containerName(spec.sandboxId));
      throw startError(error);
    }
  }

  /** Removes what a failed start has left. What even that cannot remove is the reconciler's. */
  async #abandon(idOrName: string): Promise<void> {
    await this.destroy(idOrName, neverAborted).catch(ignore);
  }

  async #freeze(runtimeId: string, frozen: boolean, signal: AbortSignal): Promise<void> {
    const container = this.#docker.getContainer(runtimeId);
    await this.#change(runtimeId, signal, async (abortSignal) => {
      try {
        await (frozen ? container.pause({ abortSignal }) : container.unpause({ abortSignal }));
      } catch (error) {
        if (refusalStatus(error) === null) throw error;
        // The engine refuses what is so already, each of its versions with another status.
        const { State } = await container.inspect({ abortSignal });
        if (!State.Running) throw new AppError('sandbox_lost', { cause: error });
        if (State.Paused !== frozen) throw error;
      }
    });
  }

  async #change<Result>(
    runtimeId: string,
    signal: AbortSignal,
    call: (abortSignal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    if (this.#quarantine.has(runtimeId))
      throw unavailable(new Error('the engine did not answer about this container before'));
    try {
      return await this.#about(runtimeId, signal, call);
    } catch (error) {
      throw callError(error);
    }
  }

  async #about<Result>(
    runtimeId: string,
    signal: AbortSignal,
    call: (abortSignal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    try {
      return await engineCall(this.#deadlines.changeMs, signal, call);
    } catch (error) {
      if (error instanceof EngineTimeout) this.#quarantine.add(runtimeId);
      throw error;
    }
  }
}

const neverAborted = new AbortController().signal;

function ignore(): void {}

const states: Record<string, RuntimeSandbox['state']> = {
  created: 'created',
  running: 'running',
  restarting: 'running',
  paused: 'paused',
};

function runtimeSandbox(container: ContainerInfo): RuntimeSandbox {
  const uid = Number(container.Labels[uidLabel]);
  return {
    runtimeId: container.Id,
    sandboxId: container.Labels[sandboxLabel] ?? '',
    instanceId: container.Labels[instanceLabel] ?? '',
    uid: Number.isSafeInteger(uid) ? uid : null,
    state: states[container.State] ?? 'exited',
    createdAt: container.Created * 1000,
  };
}
