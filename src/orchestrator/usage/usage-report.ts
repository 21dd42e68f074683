// What was used, as it is asked for: of tenants or their sessions, by hours, by days or all together. Reads little at a time, however much
// there is.
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../foundation/clock.ts';
import { hourMs, type UsageAmounts, type UsageOwner } from '../registry/usage-records.ts';
import type { UsageRegistry, UsageSpan } from '../registry/usage-registry.ts';
import { nothing, sum } from './amounts.ts';
import type { Sample } from './sample-ring.ts';
import { storedByHour } from './stored-bytes.ts';
import type { UsageMeter } from './usage-meter.ts';

export const usageIntervals = ['hour', 'day', 'total'] as const;
export type UsageInterval = (typeof usageIntervals)[number];

export type UsageTotals = UsageAmounts & { readonly storedByteSeconds: number };

export type UsageRow = UsageOwner &
  UsageTotals & {
    /** Of a session that has one and is not deleted. */
    readonly name: string | null;
    /** Milliseconds since 1970, the second one excluded. */
    readonly from: number;
    readonly to: number;
  };

/** Where a row stands in the order of rows: by tenant, session and time. */
export type UsagePlace = UsageOwner & { readonly from: number };

export type UsageQuestion = {
  /** Null: all. */
  readonly tenant: string | null;
  readonly by: 'tenant' | 'session';
  readonly interval: UsageInterval;
  /** Whole hours; whole days (UTC) where those are asked for. */
  readonly span: UsageSpan;
};

export type SessionUsage = { readonly totals: UsageTotals; readonly samples: readonly Sample[] };

export interface Usage {
  /** Rows in their order, those after a place if one is given; without those in which nothing was used. Ends with the signal's reason. */
  rows(
    question: UsageQuestion,
    after: UsagePlace | null,
    signal: AbortSignal,
  ): AsyncIterable<UsageRow>;
  /** All that is kept of a session's use, and its measurements of the last hour. */
  session(owner: UsageOwner): Promise<SessionUsage>;
}

type UsageReportOptions = {
  readonly registry: UsageRegistry;
  readonly meter: Pick<UsageMeter, 'flush' | 'samplesOf'>;
  readonly clock: Clock;
};

export const dayMs = 24 * hourMs;
const ownersAtOnce = 50;

export class UsageReport implements Usage {
  readonly #options: UsageReportOptions;

  constructor(options: UsageReportOptions) {
    this.#options = options;
  }

  async *rows(
    question: UsageQuestion,
    after: UsagePlace | null,
    signal: AbortSignal,
  ): AsyncIterable<UsageRow> {
    await this.#options.meter.flush();
    for await (const owners of this.#owners(question, after)) {
      const ids = owners.map(({ sessionId }) => sessionId).filter((id) => id !== '');
      const names = await this.#options.registry.sessionNames(ids);
      for (const owner of owners) {
        const name = names.get(owner.sessionId) ?? null;
        for (const row of await this.#rowsOf(owner, question))
          if (after === null || isAfter(row, after)) yield { ...owner, name, ...row };
        // One may have ten thousand hours.
        await nextTurn();
        signal.throwIfAborted();
      }
    }
  }

  async session(owner: UsageOwner): Promise<SessionUsage> {
    const { registry, meter, clock } = this.#options;
    await meter.flush();
    const now = clock.now();
    const span = { from: 0, to: now };
    const stored = storedByHour(await registry.storage(owner, span), span, now);
    const storedByteSeconds = [...stored.values()].reduce((all, one) => all + one, 0);
    return {
      totals: { ...(await registry.total(owner)), storedByteSeconds },
      samples: meter.samplesOf(owner, now - hourMs),
    };
  }

  /** In their order, some at a time; the one of the place is the first. */
  async *#owners(
    { tenant, by }: UsageQuestion,
    after: UsagePlace | null,
  ): AsyncIterable<UsageOwner[]> {
    const { registry } = this.#options;
    const tenants =
      tenant === null
        ? pages(after?.tenant, (last) => registry.tenants(last, ownersAtOnce))
        : [[tenant]];
    for await (const some of tenants) {
      if (by === 'tenant') yield some.map((one) => ({ tenant: one, sessionId: '' }));
      else
        for (const one of some) {
          const first = one === after?.tenant ? after.sessionId : undefined;
          for await (const ids of pages(first, (last) =>
            registry.sessions(one, last, ownersAtOnce),
          ))
            yield ids.map((sessionId) => ({ tenant: one, sessionId }));
        }
    }
  }

  async #rowsOf(owner: UsageOwner, { interval, span }: UsageQuestion) {
    const { registry, clock } = this.#options;
    const totals = new Map<number, UsageTotals>();
    const add = (hour: number, amounts: UsageAmounts, storedByteSeconds: number) => {
      const from = beginningOf(hour, interval, span);
      const before = totals.get(from) ?? { ...nothing, storedByteSeconds: 0 };
      const stored = before.storedByteSeconds + storedByteSeconds;
      totals.set(from, { ...sum(before, amounts), storedByteSeconds: stored });
    };
    for (const { hour, ...row } of await registry.hours(owner, span)) add(hour, row, 0);
    const steps = await registry.storage(owner, span);
    for (const [hour, bytes] of storedByHour(steps, span, clock.now())) add(hour, nothing, bytes);
    const froms = [...totals.keys()].sort((one, other) => one - other);
    const length = { hour: hourMs, day: dayMs, total: span.to - span.from }[interval];
    return froms.map((from) => ({ ...totals.get(from)!, from, to: from + length, ...owner }));
  }
}

/** `first` is the beginning; what comes after it follows by pages. */
async function* pages(
  first: string | undefined,
  page: (after: string) => Promise<string[]>,
): AsyncIterable<string[]> {
  if (first !== undefined && first !== '') yield [first];
  for (let after = first ?? ''; ; ) {
    const ids = await page(after);
    const last = ids.at(-1);
    if (last === undefined) return;
    yield ids;
    after = last;
  }
}

function beginningOf(hour: number, interval: UsageInterval, { from }: UsageSpan): number {
  if (interval === 'total') return from;
  return interval === 'hour' ? hour : Math.floor(hour / dayMs) * dayMs;
}

function isAfter(row: UsagePlace, place: UsagePlace): boolean {
  if (row.tenant !== place.tenant) return row.tenant > place.tenant;
  if (row.sessionId !== place.sessionId) return row.sessionId > place.sessionId;
  return row.from > place.from;
}
