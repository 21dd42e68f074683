// Joins what many sessions change in one turn of the event loop into one transaction: beginning and committing one costs more
// than the few rows of a change, and changes of many sessions touch the same pages. Each caller still learns its own outcome.

export class GroupCommit<Change> {
  readonly #commit: (changes: readonly Change[]) => void;
  #waiting: { readonly change: Change; readonly outcome: PromiseWithResolvers<void> }[] = [];
  /** Changes in this turn; 0 before the first one. */
  #added = 0;
  /** The last turn with a change had several. */
  #crowded = false;

  /** `commit` makes the changes in their order, in one transaction; when it throws, nothing has changed. */
  constructor(commit: (changes: readonly Change[]) => void) {
    this.#commit = commit;
  }

  /** Resolves when the change is committed; rejects with what is wrong with it, whatever becomes of the others. */
  async add(change: Change): Promise<void> {
    if (this.#added++ === 0) {
      // Runs after all that this turn brought in, and before the loop waits for more.
      setImmediate(() => this.#endTurn());
      // Where there is nobody to join, waiting would only take time.
      if (!this.#crowded) return this.#commit([change]);
    }
    const outcome = Promise.withResolvers<void>();
    this.#waiting.push({ change, outcome });
    return outcome.promise;
  }

  /** Commits at once what waits, so that whoever reads or writes next comes after it. Never throws. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const group = this.#waiting;
    this.#waiting = [];
    try {
      this.#commit(group.map(({ change }) => change));
      for (const { outcome } of group) outcome.resolve();
    } catch {
      // One of them was refused and took the others with it: each on its own now, to learn which.
      for (const { change, outcome } of group) {
        try {
          this.#commit([change]);
          outcome.resolve();
        } catch (error) {
          outcome.reject(error);
        }
      }
    }
  }

  #endTurn(): void {
    this.#crowded = this.#added > 1;
    this.#added = 0;
    this.flush();
  }
}
