// A restart: variables are forgotten; files, history and versions stay. It waits for nothing that may be stuck.

import type { Sandbox } from '../sandbox/agent.ts';
import type { Executor } from './executor.ts';
import { SerialQueue } from './serial-queue.ts';
import type { SessionFiles } from './session-files.ts';
import type { SessionLife } from './session-life.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionRoom } from './session-room.ts';
import type { SessionStore } from './session-store.ts';
import type { SessionVersions } from './session-versions.ts';
import type { Standstill } from './standstill.ts';
import type { Uses } from './uses.ts';

export type SessionRestartParts = {
  readonly room: SessionRoom;
  readonly store: SessionStore;
  readonly executor: Executor;
  readonly life: SessionLife;
  readonly versions: SessionVersions;
  readonly standstill: Standstill;
  readonly files: SessionFiles;
  readonly options: SessionOptions;
  readonly uses: Uses;
};

export class SessionRestart {
  readonly #parts: SessionRestartParts;
  readonly #turns: SerialQueue;

  constructor(parts: SessionRestartParts) {
    this.#parts = parts;
    this.#turns = new SerialQueue(parts.uses);
  }

  /** See Session.restart. */
  run(signal: AbortSignal): Promise<void> {
    const { store, standstill, versions } = this.#parts;
    return this.#turns.run(async () => {
      using _held = standstill.hold();
      await this.#renew(signal);
      const { version, config } = store.record;
      if (version !== null || config.persistence.policy === 'execution')
        await standstill.snapshot({ label: null, reason: 'restart' }, this.#soon());
      else if (config.persistence.policy === 'interval') versions.schedule();
    });
  }

  async #renew(signal: AbortSignal): Promise<void> {
    const { files, room, life, executor, store } = this.#parts;
    using _shut = await files.shutNow(this.#soon());
    const former = await room.run(signal, async () => {
      // A frozen agent gives nothing away.
      if (store.record.state === 'paused') await life.wake();
      await executor.abandonAll('cancelled', 'The session was restarted');
      const { sandbox } = life;
      if (sandbox === null) await life.restartWithout();
      return sandbox;
    });
    if (former) await this.#exchange(former);
    await life.ready;
  }

  /** For a moment there are two sandboxes. That is not refused: a restart is what helps where something is stuck. */
  async #exchange(former: Sandbox): Promise<void> {
    const { options, life, store } = this.#parts;
    const { tenant, config } = store.record;
    const room = options.admission.occupy(tenant, config.limits);
    try {
      await life.exchange.renew(former);
    } finally {
      room.releaseAfter(life.removed());
    }
  }

  #soon(): AbortSignal {
    return AbortSignal.timeout(this.#parts.options.limits.snapshotMsMax);
  }
}
