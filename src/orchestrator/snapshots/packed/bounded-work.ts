// Work in the background, a few pieces at a time.

export class BoundedWork {
  readonly #piecesMax: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  constructor(piecesMax: number) {
    this.#piecesMax = piecesMax;
  }

  /** Starts the piece when there is room for it. Throws what an earlier piece has thrown. */
  async start(piece: () => Promise<void>): Promise<void> {
    while (this.#running.size >= this.#piecesMax) await Promise.race(this.#running);
    this.#assertSound();
    const running: Promise<void> = piece()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Resolves when all pieces have ended. Throws what the first that failed has thrown. */
  async end(): Promise<void> {
    await this.settle();
    this.#assertSound();
  }

  /** Resolves when all pieces have ended, however they did. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  #assertSound(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }
}
