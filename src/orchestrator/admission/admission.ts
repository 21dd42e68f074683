// Lets sandboxes come into being as far as the budget of the service and of their tenant goes. Who finds no room waits in a fair queue,
// while those that nobody uses are asked to give theirs back; who cannot hope is refused at once, and told when to come again.
import { abortable } from '../foundation/abortable.ts';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Log } from '../foundation/log.ts';
import { spanned, type Watched } from '../foundation/trace.ts';
import { type Amounts, amountsOf, nothing, plus } from './amounts.ts';
import { FairQueue } from './fair-queue.ts';
import { Ledger, type Limits, type Shortage } from './ledger.ts';
import { planReclaim } from './plan-reclaim.ts';
import { RecentlyFreed, retryAfterSeconds } from './retry-after.ts';
import { Room, type RoomChanges } from './room.ts';

export type AdmissionOptions = Watched & {
  readonly limits: Limits;
  /** Sandboxes that are being started for somebody at one time. */
  readonly startsAtOnceMax: number;
  /** How long anybody waits for room. */
  readonly waitMsMax: number;
  readonly waitingMax: number;
  readonly waitingPerTenantMax: number;
  readonly clock: Clock;
  readonly log: Log;
};

/** What is taken, and who waits. */
export type AdmissionFigures = {
  readonly used: Amounts;
  readonly starting: number;
  readonly waiting: number;
  readonly admitted: number;
  readonly refused: number;
  readonly reclaimed: number;
};

type Waiting = {
  readonly tenant: string;
  readonly wanted: Amounts;
  /** On the monotonic clock. */
  readonly since: number;
  /** It takes one of the starts that may be under way. */
  readonly starts: boolean;
  readonly admit: () => void;
  readonly refuse: (error: AppError) => void;
  shortage: Shortage | null;
};

/** Looked at in one go; the others have their turn when these are served. */
const lookedAtMax = 32;
/** A room that could not be given back is not asked for again so soon. */
const spareMs = 2_000;

const namesOf = {
  sandboxes: 'live sessions',
  memoryBytes: 'memory',
  milliCpus: 'processors',
  starts: 'starting sandboxes',
} as const;

export class Admission {
  readonly #options: AdmissionOptions;
  readonly #ledger: Ledger;
  readonly #queue = new FairQueue<Waiting>();
  readonly #rooms = new Set<Room>();
  readonly #freed = new RecentlyFreed();
  readonly #changes: RoomChanges;
  #starting = 0;
  #looking = false;
  #admitted = 0;
  #refused = 0;
  #reclaimed = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.limits);
    this.#changes = {
      take: (tenant, amounts) => this.#ledger.take(tenant, amounts),
      giveBack: (tenant, amounts) => this.#giveBack(tenant, amounts),
      assertRoom: (tenant, amounts) => {
        const shortage = this.#ledger.shortageFor(tenant, amounts);
        if (shortage !== null) throw this.#refusal(tenant, shortage);
      },
      enter: (tenant, wanted, signal, admitted) =>
        this.#wait(tenant, wanted, false, signal, admitted),
      started: () => {
        this.#starting--;
        this.look();
      },
      released: (room) => void this.#rooms.delete(room),
      look: () => this.look(),
    };
  }

  get figures(): AdmissionFigures {
    return {
      used: this.#ledger.usedBy('').service,
      starting: this.#starting,
      waiting: this.#queue.length,
      admitted: this.#admitted,
      refused: this.#refused,
      reclaimed: this.#reclaimed,
    };
  }

  /** Memory that sandboxes which wait for sessions may take, bytes: what no session has or waits for. */
  get memoryBytesLeft(): number {
    const { memoryBytes } = this.#options.limits.service;
    const waiting = this.#queue
      .inTurn(this.#queue.length)
      .reduce((sum, { wanted }) => sum + wanted.memoryBytes, 0);
    return Math.max(0, memoryBytes - this.figures.used.memoryBytes - waiting);
  }

  /**
   * Room for one sandbox with these limits that is about to be started; the caller's to give back. Throws `overloaded` where the service
   * has none, `tenant_limit` where the tenant may have no more, and what the signal says.
   */
  async enter(
    tenant: string,
    limits: { readonly memoryBytes: number; readonly cpus: number },
    signal: AbortSignal,
  ): Promise<Room> {
    const amounts = amountsOf(limits);
    const given: { room?: Room } = {};
    await this.#wait(tenant, amounts, true, signal, () => {
      const room = this.#newRoom(tenant, amounts, true);
      given.room = room;
      return () => room[Symbol.dispose]();
    });
    return given.room!;
  }

  /** Room for a sandbox that there is already, whether there is room or not. */
  occupy(tenant: string, limits: { readonly memoryBytes: number; readonly cpus: number }): Room {
    const amounts = amountsOf(limits);
    this.#ledger.take(tenant, amounts);
    return this.#newRoom(tenant, amounts, false);
  }

  /** Somebody may have come to rest: those who wait may be served now. */
  look(): void {
    if (this.#looking || this.#queue.length === 0) return;
    this.#looking = true;
    // Once for all that changes in this turn.
    queueMicrotask(() => {
      this.#looking = false;
      this.#serve();
    });
  }

  #newRoom(tenant: string, amounts: Amounts, starting: boolean): Room {
    const room = new Room(tenant, amounts, starting, this.#changes);
    this.#rooms.add(room);
    return room;
  }

  #giveBack(tenant: string, amounts: Amounts): void {
    this.#ledger.giveBack(tenant, amounts);
    this.#freed.add(this.#options.clock.monotonic(), tenant);
    this.look();
  }

  /** Resolves when it is taken from the budget. `admitted` is called in the same moment, and gives what undoes that. */
  #wait(
    tenant: string,
    wanted: Amounts,
    starts: boolean,
    signal: AbortSignal,
    admitted: () => () => void,
  ): Promise<void> {
    return spanned(this.#options.tracer, 'admission', {}, () =>
      this.#waitInTurn(tenant, wanted, starts, signal, admitted),
    );
  }

  async #waitInTurn(
    tenant: string,
    wanted: Amounts,
    starts: boolean,
    signal: AbortSignal,
    admitted: () => () => void,
  ): Promise<void> {
    const { waitingMax, waitingPerTenantMax, waitMsMax, clock } = this.#options;
    signal.throwIfAborted();
    if (this.#queue.lengthOf(tenant) >= waitingPerTenantMax)
      throw this.#refusal(tenant, null, 'tenant_limit');
    if (this.#queue.length >= waitingMax) throw this.#refusal(tenant, null, 'overloaded');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let undo = () => {};
    const waiting: Waiting = {
      tenant,
      wanted,
      since: clock.monotonic(),
      starts,
      admit: () => {
        undo = admitted();
        resolve();
      },
      refuse: reject,
      shortage: null,
    };
    this.#queue.push(waiting);
    const cancel = clock.after(waitMsMax, () => this.#refuse(waiting));
    // Where nobody else waits there is nothing to compare it with.
    if (this.#queue.length === 1) this.#serve();
    else this.look();
    try {
      await abortable(promise, signal);
    } catch (error) {
      this.#queue.remove(waiting);
      // It may have been admitted in the same turn.
      undo();
      this.look();
      throw error;
    } finally {
      cancel();
    }
  }

  // --- serving ------------------------------------------------------------------------------------------------------

  #serve(): void {
    const { startsAtOnceMax } = this.#options;
    let reserved = nothing;
    const reservedBy = new Map<string, Amounts>();
    const stuck = new Set<string>();
    /** Nobody who comes later gets what there is for this one. */
    const reserve = ({ tenant, wanted }: Waiting) => {
      reserved = plus(reserved, wanted);
      reservedBy.set(tenant, plus(reservedBy.get(tenant) ?? nothing, wanted));
    };
    const usedWithReserved = (tenant: string) => {
      const used = this.#ledger.usedBy(tenant);
      return {
        service: plus(used.service, reserved),
        tenant: plus(used.tenant, reservedBy.get(tenant) ?? nothing),
      };
    };
    for (const waiting of this.#queue.inTurn(lookedAtMax)) {
      const { tenant, wanted } = waiting;
      if (stuck.has(tenant)) continue;
      const used = usedWithReserved(tenant);
      waiting.shortage = this.#ledger.shortageFor(tenant, wanted, used);
      if (waiting.shortage === null) {
        if (!waiting.starts || this.#starting < startsAtOnceMax) {
          this.#admit(waiting);
          continue;
        }
        waiting.shortage = { scope: 'service', resource: 'starts' };
        reserve(waiting);
        continue;
      }
      const limits = this.#ledger.limitsOf(tenant);
      const holders = [...this.#rooms];
      const { outcome, steps } = planReclaim({ wanted, tenant, used, limits, holders });
      if (outcome === 'never' && reserved === nothing) {
        this.#refuse(waiting);
      } else if (outcome !== 'soon') {
        // Behind others it cannot be told: they may be those who give room back later.
        stuck.add(tenant);
      } else {
        reserve(waiting);
        for (const { holder, to } of steps) void this.#reclaim(holder, to);
      }
    }
  }

  #admit(waiting: Waiting): void {
    this.#queue.serve(waiting);
    this.#ledger.take(waiting.tenant, waiting.wanted);
    if (waiting.starts) this.#starting++;
    this.#admitted++;
    const { clock, observe } = this.#options;
    observe?.({ type: 'admitted', waitedMs: clock.monotonic() - waiting.since });
    waiting.admit();
  }

  #refuse(waiting: Waiting): void {
    const error = this.#refusal(waiting.tenant, waiting.shortage);
    if (this.#queue.remove(waiting) !== null) waiting.refuse(error);
    this.look();
  }

  async #reclaim(room: Room, to: 'hibernated' | 'paused'): Promise<void> {
    const { clock, log } = this.#options;
    try {
      await room.reclaim(to, (again) =>
        clock.after(spareMs, () => {
          again();
          this.look();
        }),
      );
      this.#reclaimed++;
    } catch (error) {
      log.debug({ tenant: room.tenant, to, err: error }, 'room was not given back');
    }
    this.look();
  }

  #refusal(
    tenant: string,
    shortage: Shortage | null,
    code: 'overloaded' | 'tenant_limit' = shortage?.scope === 'tenant'
      ? 'tenant_limit'
      : 'overloaded',
  ): AppError {
    this.#refused++;
    const now = this.#options.clock.monotonic();
    const isOwn = code === 'tenant_limit';
    const scope = isOwn ? 'tenant' : 'service';
    const reason = shortage?.resource ?? 'queue';
    this.#options.observe?.({ type: 'admissionRefused', scope, reason });
    const ahead = isOwn ? this.#queue.lengthOf(tenant) : this.#queue.length;
    const perSecond = this.#freed.perSecond(now, isOwn ? tenant : undefined);
    const whose = isOwn ? 'This tenant' : 'The service';
    const detail =
      shortage === null
        ? `${whose} has as many waiting for room as it may.`
        : `${whose} has no room left: ${namesOf[shortage.resource]}.`;
    return new AppError(code, { detail, retryAfterSeconds: retryAfterSeconds(ahead, perSecond) });
  }
}
