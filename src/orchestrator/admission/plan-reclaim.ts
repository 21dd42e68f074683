// Whose room is taken back when there is none for somebody who waits. Pure: decides, and touches nothing.
import { type Amounts, excess, minus, nothing, plus, resources, shortOf } from './amounts.ts';

/** One who has room. */
export type HolderFacts = {
  readonly tenant: string;
  readonly amounts: Amounts;
  /** What of it comes back soon by itself, because it is being given up. */
  readonly leaving: Amounts;
  /** Since when nobody uses it, milliseconds since 1970; null while somebody does, and when it cannot be asked now. */
  readonly idleSince: number | null;
  /** It may be stored and put away: all of its room comes back. */
  readonly keepsState: boolean;
  /** It may be frozen: its processors come back. */
  readonly canPause: boolean;
};

export type ReclaimFacts<Holder extends HolderFacts> = {
  readonly wanted: Amounts;
  readonly tenant: string;
  readonly used: { readonly service: Amounts; readonly tenant: Amounts };
  readonly limits: { readonly service: Amounts; readonly tenant: Amounts };
  readonly holders: readonly Holder[];
};

export type ReclaimStep<Holder> = { readonly holder: Holder; readonly to: 'hibernated' | 'paused' };

export type Reclaim<Holder> = {
  /** `soon`: there is room when the steps, and what is leaving, are done. `perhaps`: if some that are in use now come to rest. */
  readonly outcome: 'soon' | 'perhaps' | 'never';
  readonly steps: readonly ReclaimStep<Holder>[];
};

type Gaps = { readonly service: Amounts; readonly tenant: Amounts };

/** The least recently used go first. One who has its equal share of the service already makes room among its own, if it can. */
export function planReclaim<Holder extends HolderFacts>(
  facts: ReclaimFacts<Holder>,
): Reclaim<Holder> {
  const { wanted, tenant, used, limits, holders } = facts;
  let gaps: Gaps = {
    service: excess(used.service, wanted, limits.service),
    tenant: excess(used.tenant, wanted, limits.tenant),
  };
  const freed = (holder: Holder, amounts: Amounts) => {
    gaps = {
      service: minus(gaps.service, amounts),
      tenant: holder.tenant === tenant ? minus(gaps.tenant, amounts) : gaps.tenant,
    };
  };
  const isClosed = () => shortOf(gaps.service) === null && shortOf(gaps.tenant) === null;
  for (const holder of holders) freed(holder, holder.leaving);

  const steps: ReclaimStep<Holder>[] = [];
  const idle = holders
    .filter(({ idleSince, leaving }) => idleSince !== null && shortOf(leaving) === null)
    .sort((one, other) => one.idleSince! - other.idleSince!);
  const own = idle.filter((holder) => holder.tenant === tenant);
  const others = idle.filter((holder) => holder.tenant !== tenant);
  const candidates = hasItsShare(facts) ? [...own, ...others] : idle;
  // Who is put away gives back processors too, so only what is missing then is to be paused for.
  for (const to of ['hibernated', 'paused'] as const) {
    for (const holder of candidates) {
      if (isClosed()) break;
      if (steps.some((step) => step.holder === holder)) continue;
      const helps = holder.tenant === tenant ? sum(gaps) : gaps.service;
      const amounts = to === 'hibernated' ? putAway(holder, helps) : paused(holder, helps);
      if (amounts === null) continue;
      steps.push({ holder, to });
      freed(holder, amounts);
    }
  }
  if (isClosed()) return { outcome: 'soon', steps };
  // What is in use now comes to rest some time.
  for (const holder of holders) {
    if (holder.idleSince !== null || shortOf(holder.leaving) !== null) continue;
    if (holder.keepsState) freed(holder, holder.amounts);
    else if (holder.canPause) freed(holder, processors(holder.amounts));
  }
  return { outcome: isClosed() ? 'perhaps' : 'never', steps: [] };
}

/** What comes back when it is put away; null when that would not help. Where it may be paused, processors are no reason for it. */
function putAway({ amounts, keepsState, canPause }: HolderFacts, gap: Amounts): Amounts | null {
  const helps = resources.some(
    (resource) =>
      gap[resource] > 0 && amounts[resource] > 0 && !(resource === 'milliCpus' && canPause),
  );
  return keepsState && helps ? amounts : null;
}

/** What comes back when it is paused; null when that would not help. */
function paused({ amounts, canPause }: HolderFacts, gap: Amounts): Amounts | null {
  return canPause && gap.milliCpus > 0 && amounts.milliCpus > 0 ? processors(amounts) : null;
}

/** In any resource that is short. */
function hasItsShare<Holder extends HolderFacts>(facts: ReclaimFacts<Holder>): boolean {
  const { tenant, used, limits, wanted, holders } = facts;
  const tenants = new Set([tenant, ...holders.map((holder) => holder.tenant)]).size;
  const short = excess(used.service, wanted, limits.service);
  return resources.some(
    (resource) =>
      short[resource] > 0 && used.tenant[resource] >= limits.service[resource] / tenants,
  );
}

function processors({ milliCpus }: Amounts): Amounts {
  return { ...nothing, milliCpus };
}

function sum({ service, tenant }: Gaps): Amounts {
  const positive = (amounts: Amounts): Amounts => ({
    sandboxes: Math.max(0, amounts.sandboxes),
    memoryBytes: Math.max(0, amounts.memoryBytes),
    milliCpus: Math.max(0, amounts.milliCpus),
  });
  return plus(positive(service), positive(tenant));
}
