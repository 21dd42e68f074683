// When trying again makes sense: from how often room has become free of late.

const windowMs = 60_000;
const countMax = 512;
const secondsMax = 120;
/** Where nothing has become free of late: soon enough to notice when that changes. */
const secondsUnknown = 10;

export class RecentlyFreed {
  readonly #freed: { readonly at: number; readonly tenant: string }[] = [];

  /** `now`: monotonic milliseconds. */
  add(now: number, tenant: string): void {
    this.#freed.push({ at: now, tenant });
    if (this.#freed.length > countMax) this.#freed.shift();
  }

  /** How often a second; only by one tenant where it is given. */
  perSecond(now: number, tenant?: string): number {
    const recent = this.#freed.filter(({ at }) => now - at < windowMs);
    const own = recent.filter((freed) => tenant === undefined || freed.tenant === tenant);
    // What is kept may not reach back through the whole window.
    const spanMs = recent.length < countMax ? windowMs : Math.max(1, now - recent[0]!.at);
    return (own.length / spanMs) * 1000;
  }
}

/** Whole seconds until it is the turn of one with so many before it. */
export function retryAfterSeconds(ahead: number, perSecond: number): number {
  if (perSecond === 0) return secondsUnknown;
  return Math.min(secondsMax, Math.max(1, Math.ceil((ahead + 1) / perSecond)));
}
