// Which packs running puts and opens rely on, so that nothing takes them away meanwhile.

export class PackUses {
  readonly #counts = new Map<string, number>();
  readonly #watches = new Set<Set<string>>();
  readonly #arriving = new Set<Promise<unknown>>();

  /** Every pack added stays in use until the use is disposed of. */
  begin(): PackUse {
    const packs = new Set<string>();
    return {
      add: (pack) => {
        if (packs.has(pack)) return;
        packs.add(pack);
        this.#counts.set(pack, (this.#counts.get(pack) ?? 0) + 1);
        for (const seen of this.#watches) seen.add(pack);
      },
      [Symbol.dispose]: () => {
        for (const pack of packs) this.#release(pack);
        packs.clear();
      },
    };
  }

  has(pack: string): boolean {
    return this.#counts.has(pack);
  }

  /** Every pack that is in use now, or was at any time since, whatever became of it. */
  watch(): { readonly seen: ReadonlySet<string> } & Disposable {
    const seen = new Set(this.#counts.keys());
    this.#watches.add(seen);
    return { seen, [Symbol.dispose]: () => void this.#watches.delete(seen) };
  }

  /** Runs a step that reads names of packs and adds them to a use before it ends; `settled` waits for it. */
  async arrive<Result>(step: () => Promise<Result>): Promise<Result> {
    const arriving = step();
    this.#arriving.add(arriving);
    try {
      return await arriving;
    } finally {
      this.#arriving.delete(arriving);
    }
  }

  /** Resolves when every step that has begun has ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#arriving);
  }

  #release(pack: string): void {
    const count = this.#counts.get(pack)! - 1;
    if (count > 0) this.#counts.set(pack, count);
    else this.#counts.delete(pack);
  }
}

export type PackUse = Disposable & { add(pack: string): void };
