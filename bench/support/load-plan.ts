// When what arrives, decided before anything runs: a burst at the start, then arrivals as of a Poisson process. The same seed
// gives the same plan.

export type Arrival = {
  /** Milliseconds since the start at which it is meant to begin, whatever the service does meanwhile. */
  readonly atMs: number;
  readonly kind: 'create' | 'execute';
};

export type LoadShape = {
  /** Creates at once at the start. */
  readonly burst: number;
  /** Arrivals per second after it, on average. */
  readonly rate: number;
  readonly seconds: number;
  /** Which part of the arrivals create a session; the others use one. */
  readonly createShare: number;
  readonly seed: number;
};

/** In the order of their times. */
export function planArrivals(shape: LoadShape): Arrival[] {
  const random = randomOf(shape.seed);
  const arrivals: Arrival[] = Array.from({ length: shape.burst }, () => ({
    atMs: 0,
    kind: 'create',
  }));
  if (shape.rate <= 0) return arrivals;
  for (let atMs = gapMs(random, shape.rate); atMs < shape.seconds * 1000; ) {
    arrivals.push({ atMs, kind: random() < shape.createShare ? 'create' : 'execute' });
    atMs += gapMs(random, shape.rate);
  }
  return arrivals;
}

/** Times between independent arrivals are distributed exponentially. */
function gapMs(random: () => number, perSecond: number): number {
  return (-Math.log(1 - random()) * 1000) / perSecond;
}

/** Numbers from 0 to below 1: Mulberry32, which is small and even enough for arrivals. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
