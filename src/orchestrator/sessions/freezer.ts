// The sandbox of one session, frozen and thawed, and the state `paused` that goes with it. All of it runs in the session's serial queue.
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { Loss } from './losses.ts';
import type { SessionStore } from './session-store.ts';
import type { StateChanges } from './state-changes.ts';

export type FreezerParts = {
  readonly sandbox: () => Sandbox | null;
  readonly store: SessionStore;
  readonly states: StateChanges;
  readonly log: Log;
  /** For one call to the engine. */
  readonly msMax: number;
  /** Puts another sandbox in the place of one that is gone. */
  readonly replace: (loss: Loss) => Promise<void>;
};

export class Freezer {
  readonly #parts: FreezerParts;

  constructor(parts: FreezerParts) {
    this.#parts = parts;
  }

  /** Pauses an idle session under whose sandbox nothing is under way. Throws what the engine says; then it goes on. */
  async pause(): Promise<void> {
    await this.#parts.sandbox()!.pause(this.#deadline());
    await this.#parts.states.to('paused', 'paused');
  }

  /** A paused session goes on where it was. Throws when the engine cannot do it now; a sandbox that is gone is replaced. */
  async wake(): Promise<void> {
    await this.thaw();
    if (this.#isPaused()) await this.#parts.states.to('idle', 'resumed');
  }

  /** The sandbox runs, and the state stays `paused`: `settle` must follow. Throws as `wake`. */
  async thaw(): Promise<void> {
    try {
      await this.#parts.sandbox()?.resume(this.#deadline());
    } catch (error) {
      if (!(error instanceof AppError && error.code === 'sandbox_lost')) throw error;
      await this.#parts.replace({ reason: 'exited', detail: 'the container is gone' });
    }
  }

  /** A session that is paused by its state is frozen again, or else is not paused any more. */
  async settle(): Promise<void> {
    const { states, log } = this.#parts;
    const sandbox = this.#parts.sandbox();
    if (sandbox === null || !this.#isPaused()) return;
    try {
      await sandbox.pause(this.#deadline());
    } catch (error) {
      const { sandboxId } = sandbox;
      log.warn({ sandboxId, err: error }, 'a sandbox could not be paused again');
      await states.to('idle', 'resumed');
    }
  }

  /**
   * An earlier process paused the sandbox, or died while it did so or while it thawed it: as it was found, so it is. What `mustRun` is
   * thawed, and replaced where that fails.
   */
  async recover(mustRun: boolean): Promise<void> {
    const { states, replace, store } = this.#parts;
    const sandbox = this.#parts.sandbox()!;
    if (sandbox.paused && mustRun) {
      try {
        await sandbox.resume(this.#deadline());
      } catch (error) {
        return replace({ reason: 'lost', detail: `it could not be thawed: ${error}` });
      }
    }
    if (!sandbox.paused && this.#isPaused()) await states.to('idle', 'resumed');
    if (sandbox.paused && store.record.state === 'idle') await states.to('paused', 'paused');
  }

  #isPaused(): boolean {
    return this.#parts.store.record.state === 'paused';
  }

  #deadline(): AbortSignal {
    return AbortSignal.timeout(this.#parts.msMax);
  }
}
