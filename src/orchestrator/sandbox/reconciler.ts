// Removes containers and link directories of this instance that nobody owns: what a crash, a hung engine call or a failed
// removal has left. Needed because no process can promise to clean up after itself. Must never touch another instance's.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { Observed } from '../foundation/observe.ts';
import type { Runtime, RuntimeSandbox } from '../runtimes/runtime.ts';
import { listLinkDirectories, removeLinkDirectory } from './link-directory.ts';
import { planReconciliation, type Reconciliation } from './plan-reconciliation.ts';
import type { UidPool } from './uid-pool.ts';

export type ReconcilerOptions = Observed & {
  readonly runtime: Runtime;
  readonly instanceId: string;
  readonly runDirectory: string;
  /** Ids of all sandboxes that a session, the pool or a start under way has. */
  readonly owned: () => Promise<ReadonlySet<string>>;
  /** An orphan keeps its uid until it is gone. */
  readonly uids: Pick<UidPool, 'claim' | 'release'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly intervalMs: number;
  readonly graceMs: number;
  /** True: only says what it would remove. */
  readonly dryRun: boolean;
};

export class Reconciler implements AsyncDisposable {
  readonly #options: ReconcilerOptions;
  readonly #stop = new AbortController();
  #cancelNext: () => void = () => {};
  #round: Promise<void> = Promise.resolve();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Before anything is started: the uids of all that an earlier process has left count as taken. Throws when it cannot be listed. */
  async survey(signal: AbortSignal): Promise<void> {
    const { runtime, instanceId } = this.#options;
    for (const { sandboxId, uid } of await runtime.list(instanceId, signal))
      if (uid !== null) this.#options.uids.claim(uid, sandboxId);
  }

  /**
   * Does a first round now and one every interval after that. The first knows no grace: whatever this process starts has an owner from
   * before its container is made.
   */
  start(): void {
    this.#run(0);
  }

  #run(graceMs: number): void {
    const { clock, intervalMs, log } = this.#options;
    this.#round = this.reconcile(this.#stop.signal, graceMs).then(
      () => {},
      (error: unknown) => {
        if (!this.#stop.signal.aborted) log.warn({ err: error }, 'could not look for orphans');
      },
    );
    void this.#round.then(() => {
      if (this.#stop.signal.aborted) return;
      this.#cancelNext = clock.after(intervalMs, () => this.#run(this.#options.graceMs));
    });
  }

  /** One round. Gives what it found to be orphans. Throws when the containers or their owners cannot be listed. */
  async reconcile(signal: AbortSignal, graceMs = this.#options.graceMs): Promise<Reconciliation> {
    const { runtime, instanceId, runDirectory, owned, clock, dryRun, log } = this.#options;
    const containers = await runtime.list(instanceId, signal);
    const directories = await listLinkDirectories(runDirectory);
    const facts = { containers, directories, owned: await owned(), now: clock.now(), graceMs };
    const plan = planReconciliation(facts);
    const [found, orphans] = [containers.length, plan.containers.length];
    this.#options.observe?.({ type: 'reconciled', containers: found, orphans });
    for (const { sandboxId, runtimeId, state } of plan.containers)
      log.warn({ sandboxId, runtimeId, state, dryRun }, 'orphaned container');
    for (const sandboxId of plan.directories)
      log.warn({ sandboxId, dryRun }, 'orphaned link directory');
    if (!dryRun) await this.#remove(plan, signal);
    return plan;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#cancelNext();
    await this.#round;
  }

  async #remove(plan: Reconciliation, signal: AbortSignal): Promise<void> {
    const { runtime, runDirectory, uids, log, observe } = this.#options;
    const kept = new Set<string>();
    const remove = async ({ sandboxId, runtimeId, uid }: RuntimeSandbox) => {
      if (uid !== null) uids.claim(uid, sandboxId);
      try {
        await runtime.destroy(runtimeId, signal);
      } catch (error) {
        kept.add(sandboxId);
        observe?.({ type: 'orphanHandled', action: 'container_kept' });
        log.warn({ sandboxId, runtimeId, err: error }, 'an orphaned container stays for now');
        return;
      }
      observe?.({ type: 'orphanHandled', action: 'container_removed' });
      if (uid !== null) uids.release(uid, sandboxId);
    };
    await Promise.all(plan.containers.map(remove));
    for (const sandboxId of plan.directories)
      if (!kept.has(sandboxId)) {
        await removeLinkDirectory(runDirectory, sandboxId);
        observe?.({ type: 'orphanHandled', action: 'directory_removed' });
      }
  }
}
