// The session's random numbers: sfc32, small, fast, with a state that an image can hold. Not for secrets.

export class Random {
  /** The whole state: four 32-bit words. */
  readonly state: Int32Array;

  constructor(seed: number) {
    this.state = new Int32Array(4);
    this.seed(seed);
  }

  /** The same seed gives the same numbers. */
  seed(value: number): void {
    const whole = Math.trunc(value);
    this.state.set([whole | 0, (whole / 2 ** 32) | 0, (value * 2 ** 20) | 0, 1]);
    for (let i = 0; i < 16; i++) this.#word();
  }

  /** Uniform in [0,1), 53 bits. */
  next(): number {
    const high = this.#word() >>> 5;
    const low = this.#word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  #word(): number {
    const state = this.state;
    const sum = (((state[0]! + state[1]!) | 0) + state[3]!) | 0;
    state[3] = (state[3]! + 1) | 0;
    state[0] = state[1]! ^ (state[1]! >>> 9);
    state[1] = (state[2]! + (state[2]! << 3)) | 0;
    state[2] = ((state[2]! << 21) | (state[2]! >>> 11)) + sum;
    return sum;
  }
}
