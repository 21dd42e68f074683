// Ends sessions whose time has come, of all that the registry knows: one timer for all of them, whatever state they are in.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { OwnedSession, SessionRegistry } from '../registry/session-registry.ts';
import { Gate } from './gate.ts';

/** How late a session may end. */
const intervalMs = 1_000;
const endsAtOnce = 8;

export type ExpiryOptions = {
  readonly registry: Pick<SessionRegistry, 'expiredSessions'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Ends a session, unless it is in use after all. */
  readonly end: (session: OwnedSession) => Promise<void>;
};

export class Expiry {
  readonly #options: ExpiryOptions;
  #cancel: () => void = () => {};
  #stopped = false;

  constructor(options: ExpiryOptions) {
    this.#options = options;
  }

  /** Looks now and then every second, each time when what it found before is dealt with. */
  start(): void {
    if (this.#stopped) return;
    const next = () => {
      if (!this.#stopped) this.#cancel = this.#options.clock.after(intervalMs, () => this.start());
    };
    void this.#sweep().then(next);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  async #sweep(): Promise<void> {
    const { registry, clock, log } = this.#options;
    try {
      const due = await registry.expiredSessions(clock.now());
      const gate = new Gate(endsAtOnce);
      await Promise.all(due.map((session) => gate.through(() => this.#end(session))));
    } catch (error) {
      log.error({ err: error }, 'could not look for expired sessions');
    }
  }

  async #end(session: OwnedSession): Promise<void> {
    if (this.#stopped) return;
    const { log, end } = this.#options;
    await end(session).catch((error: unknown) =>
      log.warn(
        { sessionId: session.sessionId, err: error },
        'an expired session could not be ended yet',
      ),
    );
  }
}
