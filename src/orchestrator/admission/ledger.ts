// What is taken of the service's budget: in all, by each tenant, and by whom.
import { type Amounts, excess, minus, nothing, plus, type Resource, shortOf } from './amounts.ts';

export type Limits = {
  readonly service: Amounts;
  readonly tenantOf: (tenant: string) => Amounts;
};

/** Which limit is in the way. `starts`: there is room, but too many sandboxes are being started. */
export type Shortage = {
  readonly scope: 'tenant' | 'service';
  readonly resource: Resource | 'starts';
};

export class Ledger {
  readonly #limits: Limits;
  readonly #ofTenants = new Map<string, Amounts>();
  #used = nothing;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  usedBy(tenant: string): { readonly service: Amounts; readonly tenant: Amounts } {
    return { service: this.#used, tenant: this.#ofTenants.get(tenant) ?? nothing };
  }

  limitsOf(tenant: string): { readonly service: Amounts; readonly tenant: Amounts } {
    return { service: this.#limits.service, tenant: this.#limits.tenantOf(tenant) };
  }

  /** What stands against this much more, that of the service first; null when nothing does. `used` where more than that is spoken for. */
  shortageFor(tenant: string, wanted: Amounts, used = this.usedBy(tenant)): Shortage | null {
    const limits = this.limitsOf(tenant);
    for (const scope of ['service', 'tenant'] as const) {
      const resource = shortOf(excess(used[scope], wanted, limits[scope]));
      if (resource !== null) return { scope, resource };
    }
    return null;
  }

  take(tenant: string, amounts: Amounts): void {
    this.#used = plus(this.#used, amounts);
    this.#ofTenants.set(tenant, plus(this.usedBy(tenant).tenant, amounts));
  }

  giveBack(tenant: string, amounts: Amounts): void {
    this.#used = minus(this.#used, amounts);
    const left = minus(this.usedBy(tenant).tenant, amounts);
    if (shortOf(left) === null) this.#ofTenants.delete(tenant);
    else this.#ofTenants.set(tenant, left);
  }
}
