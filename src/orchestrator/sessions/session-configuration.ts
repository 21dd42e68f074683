// Changes of a live session's settings, with what they mean for the sandbox that it has. Runs in the session's serial queue.
import { AppError } from '../foundation/errors.ts';
import type { SessionConfig } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { Executor } from './executor.ts';
import { storedUse } from './idle-ladder.ts';
import { changeSandbox, settled, settleSandbox } from './sandbox-settings.ts';
import type { SessionLife } from './session-life.ts';
import type { SessionNetwork } from './session-network.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionRoom } from './session-room.ts';
import type { ConfigChange } from './session-service.ts';
import type { SessionStore } from './session-store.ts';

export type SessionConfigurationParts = {
  readonly options: SessionOptions;
  readonly room: SessionRoom;
  readonly store: SessionStore;
  readonly executor: Executor;
  readonly life: SessionLife;
  readonly network: SessionNetwork;
};

export class SessionConfiguration {
  readonly #parts: SessionConfigurationParts;

  constructor(parts: SessionConfigurationParts) {
    this.#parts = parts;
  }

  /** See Session.configure. */
  async change(change: ConfigChange): Promise<void> {
    const { options, room, store, executor, life } = this.#parts;
    life.assertLive();
    const before = store.record.config;
    const config = { ...before, ...change };
    if (config.limits.workspaceBytes !== before.limits.workspaceBytes) {
      throw new AppError('not_changeable', {
        detail: 'limits.workspaceBytes is fixed when a sandbox starts.',
      });
    }
    if (store.record.state === 'paused') await life.wake();
    const { sandbox } = life;
    await room.resize(before.limits, config.limits, async () => {
      if (sandbox) await changeSandbox(sandbox, config, this.#parts);
      try {
        await this.#permitted(sandbox, before, config, async () => {
          const now = options.clock.now();
          const use = executor.atRest ? storedUse(now, config.idle) : { lastUsedAt: now };
          const plan = store.record.sandbox;
          await store.apply({ session: { config, ...use, sandbox: plan && settled(plan) } });
        });
      } catch (error) {
        if (sandbox) await settleSandbox(sandbox, this.#parts);
        throw error;
      }
    });
  }

  /** What may be reached changes with what is stored of it, or not at all. */
  async #permitted(
    sandbox: Sandbox | null,
    before: SessionConfig,
    config: SessionConfig,
    store: () => Promise<void>,
  ): Promise<void> {
    const { network } = this.#parts;
    const permit = async (settings: SessionConfig['network']) => {
      if (config.network === before.network) return;
      network.limit(settings);
      if (sandbox) await network.permit(sandbox, settings);
    };
    try {
      await permit(config.network);
      await store();
    } catch (error) {
      await permit(before.network);
      throw error;
    }
  }
}
