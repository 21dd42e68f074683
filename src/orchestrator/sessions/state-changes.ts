// Moves a session from one state to another: legal by the table, stored, then told.
import type { Clock } from '../foundation/clock.ts';
import type { SessionState } from '../registry/records.ts';
import { eventRecord, type LiveLog } from './live-log.ts';
import type { StateDetails, StateReason } from './live-messages.ts';
import { move } from './session-state.ts';
import type { Change, SessionStore } from './session-store.ts';
import type { StoredSessions } from './stored-sessions.ts';

export type StateChangesParts = {
  readonly store: SessionStore;
  readonly live: LiveLog;
  readonly clock: Clock;
  readonly stored: StoredSessions;
  /** The session has another state. */
  readonly moved: () => void;
};

export class StateChanges {
  readonly #parts: StateChangesParts;

  constructor(parts: StateChangesParts) {
    this.#parts = parts;
  }

  /** `changes` are stored with it, and so are `records`; `details` are told. */
  async to(
    to: SessionState,
    reason: StateReason,
    changes: Change['session'] = {},
    records: Pick<Change, 'newSnapshots' | 'removedSnapshots'> = {},
    durable = false,
    details: StateDetails = {},
  ): Promise<void> {
    const { store, live, clock, stored, moved } = this.#parts;
    const { state: from, version } = store.record;
    // What was only frozen goes on as it was, whatever was stored.
    const isStored = from !== 'paused' && (reason === 'recovered' || reason === 'resumed');
    const told = isStored ? { version } : {};
    const event = live.compose({ type: 'state', from, to, reason, ...told, ...details });
    const events = [eventRecord(event, clock.now())];
    const session = { ...changes, state: move(from, to) };
    await store.applyStubbornly({ ...records, session, events }, durable);
    live.send([event]);
    if (to === 'deleted') stored.remove();
    moved();
  }
}
