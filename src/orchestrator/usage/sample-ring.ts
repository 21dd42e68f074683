// The last measurements of one session, oldest first, in a bounded piece of memory: 48 bytes each, at most 17,280 bytes of a session. It
// grows with what is in it, since most sessions do not stay awake that long.

export type Sample = {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Of all its containers since the first sample, as the network's bytes. */
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
};

const samplesMax = 360;
const samplesFirst = 16;
const names = [
  'at',
  'cpuSeconds',
  'memoryBytes',
  'pids',
  'sentBytes',
  'receivedBytes',
] as const satisfies readonly (keyof Sample)[];

export class SampleRing {
  #rows = new Float64Array(samplesFirst * names.length);
  #count = 0;
  /** Place of the oldest one. */
  #first = 0;

  add(sample: Sample): void {
    if (this.#count === this.#room && this.#room < samplesMax) this.#grow();
    const place = (this.#first + this.#count) % this.#room;
    this.#rows.set(
      names.map((name) => sample[name]),
      place * names.length,
    );
    if (this.#count < this.#room) this.#count++;
    else this.#first = (this.#first + 1) % this.#room;
  }

  /** From that moment on. */
  since(from: number): Sample[] {
    const samples = Array.from({ length: this.#count }, (_, i) => {
      const offset = ((this.#first + i) % this.#room) * names.length;
      const values = this.#rows.subarray(offset, offset + names.length);
      return Object.fromEntries(names.map((name, field) => [name, values[field]])) as Sample;
    });
    return samples.filter(({ at }) => at >= from);
  }

  get #room(): number {
    return this.#rows.length / names.length;
  }

  /** Only before it goes round for the first time. */
  #grow(): void {
    const rows = new Float64Array(Math.min(samplesMax, this.#room * 2) * names.length);
    rows.set(this.#rows);
    this.#rows = rows;
  }
}
