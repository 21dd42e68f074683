// One session: its executions, its followers and its settings. All that changes it goes through one serial queue. Where it lives is
// session-life.ts's part, what is done to it while it executes nothing standstill.ts's.
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import {
  type ExecutionRecord,
  isDormant,
  type SessionRecord,
  type SnapshotRecord,
} from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import { Executor } from './executor.ts';
import { Followers } from './followers.ts';
import type { Lease } from './lease.ts';
import { LiveLog } from './live-log.ts';
import type { Origin } from './origins.ts';
import { SerialQueue } from './serial-queue.ts';
import { SessionConfiguration } from './session-configuration.ts';
import { SessionFiles } from './session-files.ts';
import { SessionLife } from './session-life.ts';
import { SessionNetwork } from './session-network.ts';
import type { SessionOptions } from './session-options.ts';
import { SessionRestart } from './session-restart.ts';
import { SessionRoom } from './session-room.ts';
import type {
  ConfigChange,
  DeleteOptions,
  ExecuteRequest,
  ExecutionView,
  LiveFollower,
  LiveSubscription,
} from './session-service.ts';
import { SessionStore } from './session-store.ts';
import { SessionUse } from './session-use.ts';
import { SessionVersions } from './session-versions.ts';
import type { SnapshotRequest, VersionChoice } from './snapshots.ts';
import { Standstill } from './standstill.ts';
import { StateChanges } from './state-changes.ts';
import type { Uses } from './uses.ts';

export class Session {
  readonly #options: SessionOptions;
  readonly #serial: SerialQueue;
  readonly #store: SessionStore;
  readonly #live: LiveLog;
  readonly #executor: Executor;
  readonly #life: SessionLife;
  readonly #versions: SessionVersions;
  readonly #states: StateChanges;
  readonly #standstill: Standstill;
  /** What room it has; `occupy` where an earlier process left it a sandbox. */
  readonly room: SessionRoom;
  readonly #use: SessionUse;
  readonly #restart: SessionRestart;
  readonly #network: SessionNetwork;
  readonly #configuration: SessionConfiguration;
  readonly files: SessionFiles;
  readonly #followers: Followers;

  /** What must keep it in memory is one of the `uses`. `left`: it was found in the registry, and `recover` comes next; else `begin`. */
  constructor(record: SessionRecord, options: SessionOptions, uses: Uses, left: boolean) {
    const { registry, clock, log, limits, observe, tracer } = options;
    this.#options = options;
    this.#serial = new SerialQueue(uses);
    this.#store = new SessionStore(record, options);
    this.#live = new LiveLog(
      record.seqReserved,
      (seqReserved) => {
        void this.#serial.run(() =>
          this.#store.applyStubbornly({ session: { seqReserved } }, false),
        );
      },
      log,
    );
    this.#network = new SessionNetwork({ ...options, store: this.#store, serial: this.#serial });
    this.#followers = new Followers(this.#live, registry);
    this.#use = new SessionUse({
      options,
      serial: this.#serial,
      store: this.#store,
      atRest: () => this.#executor.atRest,
      descend: (step) => this.#standstill.descend(step),
    });
    this.#versions = new SessionVersions({
      store: this.#store,
      snapshots: options.snapshots,
      retention: options.retention,
      clock,
      log,
      defaults: limits,
      due: () => void this.#standstill.storeInterval(),
    });
    this.#executor = new Executor({
      store: this.#store,
      live: this.#live,
      clock,
      observe,
      log,
      tracer,
      limits,
      unresponsive: (executionId) =>
        this.#life.lose(this.#life.sandbox, { reason: 'unresponsive', detail: executionId }, () =>
          this.#executor.isRunning(executionId),
        ),
      networkBytes: () => this.#network.bytes,
      checkpoint: (sandbox) => this.#standstill.checkpoint(sandbox),
      rested: () => this.#use.touch(),
    });
    this.#states = new StateChanges({
      store: this.#store,
      live: this.#live,
      clock,
      stored: options.stored,
      moved: () => {
        this.room.settle();
        this.#use.look();
      },
    });
    this.#life = new SessionLife(
      {
        options,
        serial: this.#serial,
        store: this.#store,
        live: this.#live,
        executor: this.#executor,
        uses,
        network: this.#network,
        states: this.#states,
      },
      !left,
    );
    this.files = new SessionFiles({
      record: () => this.record,
      lease: (signal) => this.lease(signal),
      schedule: () => this.#versions.schedule(),
      store: (begun) => this.#standstill.storeFiles(begun),
    });
    this.room = new SessionRoom({
      admission: options.admission,
      serial: this.#serial,
      store: this.#store,
      assertLive: () => this.#life.assertLive(),
      removed: () => this.#life.removed(),
      idleSince: () => (this.#standstill.underWay ? null : this.#use.idleSince),
      mayPause: () => options.source.canPause && this.record.state === 'idle',
      descend: (to) => this.#standstill.reclaim(to),
    });
    const parts = {
      options,
      serial: this.#serial,
      room: this.room,
      store: this.#store,
      executor: this.#executor,
      life: this.#life,
      network: this.#network,
      versions: this.#versions,
      files: this.files,
      use: this.#use,
      uses,
    };
    this.#standstill = new Standstill(parts);
    this.#configuration = new SessionConfiguration(parts);
    this.#restart = new SessionRestart({ ...parts, standstill: this.#standstill });
  }

  get record(): SessionRecord {
    return this.#store.record;
  }

  get connections(): number {
    return this.#followers.connections;
  }

  get sandbox(): Sandbox | null {
    return this.#life.sandbox;
  }

  /** It has no sandbox and nothing to do: once nobody uses it, the registry has all that there is of it. */
  get dormant(): boolean {
    const { state } = this.record;
    return state === 'deleted' || (isDormant(state) && this.#executor.atRest);
  }

  // --- life ---------------------------------------------------------------------------------------------------------

  /** Starts the first sandbox of a session whose record, with its planned sandbox, is stored. Throws when it does not start. */
  async begin(origin: Origin | null): Promise<void> {
    await this.#serial.run(() => this.#life.begin(origin));
    await this.#life.ready;
    this.#use.touch();
  }

  /**
   * Takes over what an earlier process left: the container if it still runs, the open executions in any case. Throws
   * `runtime_unavailable` while the engine cannot be asked; then nothing has changed, and it is to be called again.
   */
  async recover(): Promise<void> {
    await this.#serial.run(() => this.#life.recover());
    this.#use.look();
  }

  /**
   * Variables are forgotten; files, history and versions stay. What is open is cancelled, whether it can be stopped or not. Where the
   * session was stored before, or its policy stores every change, that state is stored when it resolves.
   */
  async restart(signal: AbortSignal): Promise<void> {
    await this.#restart.run(signal);
    this.#use.touch();
  }

  /** Ends everything and removes every trace but the snapshots, if they are to be kept. Throws `session_busy` while something runs, unless forced. */
  async delete({ force, keepSnapshots = false }: DeleteOptions): Promise<void> {
    const stored = await this.#serial.run(async () => {
      this.#life.assertLive();
      if (!force && !this.#executor.atRest) throw new AppError('session_busy');
      await this.#executor.abandonAll('cancelled', 'The session was deleted');
      return this.#end('deleted', keepSnapshots);
    });
    await this.finishDeletion(stored);
  }

  /** A fork of an earlier process whose creation was cut off goes: nobody was told of it. */
  async undo(): Promise<void> {
    await this.finishDeletion(await this.#serial.run(() => this.#end('deleted', false)));
  }

  /** Deletes it with its snapshots, if its time has come and it is not in use after all. */
  async expire(): Promise<void> {
    const stored = await this.#serial.run(async () => {
      // Whoever is about to store it is not made to fail; the next look is soon.
      if (this.#life.closed || !this.#life.settled || this.#standstill.underWay) return null;
      if (this.#use.underWay || !this.#executor.atRest) return null;
      const session = this.#use.stored;
      if (session.expiresAt === null || session.expiresAt > this.#options.clock.now()) {
        await this.#store.apply({ session });
        return null;
      }
      return this.#end('expired', false);
    });
    if (stored !== null) await this.finishDeletion(stored);
  }

  /** It is deleted from one moment to the next, with its versions. Gives what removes their content, for when that is on the disk. */
  async #end(reason: 'deleted' | 'expired', keepSnapshots: boolean): Promise<() => Promise<void>> {
    const { stored, ...records } = await this.#versions.removal(keepSnapshots);
    await this.#states.to('deleted', reason, {}, records);
    this.#life.close();
    return stored;
  }

  /** The part of `delete` that a crash may have cut off: the record says `deleted` already. */
  async finishDeletion(stored = async () => {}): Promise<void> {
    this.#life.close();
    this.letGo();
    this.#live.close('deleted');
    await this.#life.putAway();
    this.room.leave(Promise.resolve());
    await this.#serial.run(() => this.#options.registry.deleteSession(this.record.sessionId));
    await this.#options.registry.durable();
    await stored();
  }

  /** Somebody else will have the session when it is wanted again: nothing is left here that would wake up. */
  letGo(): void {
    this.#versions.close();
    this.#use.close();
    this.#network.close();
  }

  /** The process ends: followers are told, the container and its executions go on for the next process. */
  async leave(): Promise<void> {
    this.#life.leave();
    this.letGo();
    this.#executor.leave();
    this.#live.close('shuttingDown');
    await this.#serial.run(() => this.#network.store());
  }

  /** Changes a live session. Throws `not_changeable` for what is fixed when a sandbox starts. */
  async configure(change: ConfigChange): Promise<void> {
    await this.#serial.run(() => this.#configuration.change(change));
    this.#use.touch();
  }

  /** The sandbox, running: a session that sleeps wakes up, and stays awake for as long as it is leased. The signal ends the wait only. */
  async lease(signal: AbortSignal): Promise<Lease> {
    const use = this.#use.begin();
    try {
      await this.room.run(signal, () => this.#life.wake());
      const sandbox = await abortable(this.#life.ready, signal);
      return { sandbox, [Symbol.dispose]: () => use[Symbol.dispose]() };
    } catch (error) {
      use[Symbol.dispose]();
      throw error;
    }
  }

  // --- standing still -----------------------------------------------------------------------------------------------

  /** Stores the state as a new version, after the running execution and before those that wait. Durable when it resolves. */
  snapshot(request: SnapshotRequest, signal: AbortSignal): Promise<SnapshotRecord> {
    return this.#standstill.snapshot(request, signal);
  }

  /** The state is that of the version again. The present one serves until then, and goes on if it fails. */
  rollback(wanted: VersionChoice, signal: AbortSignal): Promise<void> {
    return this.#standstill.rollback(wanted, signal);
  }

  /**
   * Freezes the sandbox with all that is in it; the next request thaws it. What has no sandbox stays as it is. Throws `session_busy`
   * while something is under way, and `pause_unsupported`.
   */
  async pause(signal: AbortSignal): Promise<void> {
    if (!this.#options.source.canPause) throw new AppError('pause_unsupported');
    await this.#standstill.pause(signal);
    this.#use.touch();
  }

  /** Stores the state and lets the sandbox go; the next request brings it back. Throws `session_busy` when something waits to be executed. */
  async hibernate(signal: AbortSignal): Promise<void> {
    await this.#standstill.hibernate(signal);
    this.#use.touch();
  }

  labelVersion(version: number, label: string | null): Promise<SnapshotRecord> {
    return this.#whileLive(() => this.#versions.label(version, label));
  }

  removeVersion(version: number): Promise<void> {
    return this.#whileLive(() => this.#versions.remove(version));
  }

  // --- executions ---------------------------------------------------------------------------------------------------

  /** Stores and queues; resolves when the record is committed. Throws `queue_full`, `registry_unavailable`. The signal ends a wait for room. */
  async submit(request: ExecuteRequest, signal: AbortSignal): Promise<ExecutionRecord> {
    if (!this.#store.available) throw new AppError('registry_unavailable');
    using _use = this.#use.begin();
    return await this.room.run(signal, async () => {
      await this.#life.wake();
      const execution = await this.#executor.submit(request);
      const { sandbox } = this.#life;
      if (sandbox) await this.#executor.dispatch(sandbox.agent);
      return execution;
    });
  }

  ended(executionId: string, signal: AbortSignal): Promise<ExecutionView> | null {
    return this.#executor.ended(executionId, signal);
  }

  soFar(executionId: string): ExecutionView | null {
    return this.#executor.soFar(executionId);
  }

  cancel(executionId: string): Promise<boolean> {
    return this.#serial.run(() =>
      this.#executor.cancel(executionId, this.#life.sandbox?.agent ?? null),
    );
  }

  stdin(executionId: string, content: string): boolean {
    return this.#executor.stdin(executionId, content, this.#life.sandbox?.agent ?? null);
  }

  /** Forgets ended executions with their events. */
  async clearHistory(): Promise<void> {
    await this.#whileLive(() => this.#store.clearHistory());
  }

  // --- followers ----------------------------------------------------------------------------------------------------

  /** See SessionService.follow. */
  async follow(
    options: { since?: number; connection: boolean },
    follower: LiveFollower,
  ): Promise<LiveSubscription> {
    const rest = await this.#followers.catchUp(this.record, options, follower);
    return this.#serial.run(() => {
      if (this.#life.closed) throw new AppError('session_not_found');
      return this.#followers.follow(this.record, rest, follower);
    });
  }

  #whileLive<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#serial.run(() => {
      this.#life.assertLive();
      return work();
    });
  }
}
