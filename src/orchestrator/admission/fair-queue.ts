// Those who wait, in the order in which they are served: one of each tenant in turn, and within a tenant who came first. A tenant with
// many waiting so delays another one by a single turn.

export class FairQueue<Item extends { readonly tenant: string }> {
  /** Tenants in the order of their turns; none without an item. */
  readonly #lines = new Map<string, Item[]>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** How many of one tenant wait. */
  lengthOf(tenant: string): number {
    return this.#lines.get(tenant)?.length ?? 0;
  }

  push(item: Item): void {
    const line = this.#lines.get(item.tenant);
    if (line) line.push(item);
    else this.#lines.set(item.tenant, [item]);
    this.#length++;
  }

  /** It is served: its tenant's next turn comes after those of all others. Nothing when it is not there. */
  serve(item: Item): void {
    const line = this.remove(item);
    if (line === null || line.length === 0) return;
    this.#lines.delete(item.tenant);
    this.#lines.set(item.tenant, line);
  }

  /** It waits no longer; its tenant's turn stays. Gives those of its tenant who still wait, null when it was not there. */
  remove(item: Item): Item[] | null {
    const line = this.#lines.get(item.tenant);
    const index = line?.indexOf(item) ?? -1;
    if (!line || index < 0) return null;
    line.splice(index, 1);
    this.#length--;
    if (line.length === 0) this.#lines.delete(item.tenant);
    return line;
  }

  /** At most so many, in the order in which they would be served. */
  inTurn(countMax: number): Item[] {
    const order: Item[] = [];
    const lines = [...this.#lines.values()];
    for (let round = 0; order.length < Math.min(countMax, this.#length); round++) {
      for (const line of lines) {
        const item = line[round];
        if (item !== undefined && order.length < countMax) order.push(item);
      }
    }
    return order;
  }
}
