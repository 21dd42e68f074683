// How large the worker's heap may become: pure arithmetic. The soft limit is the session's and is enforced with its state kept; the
// hard one is V8's and costs the worker.

const mebibyte = 1024 * 1024;
/** Distance that a program may cover between two looks at the heap. */
const marginBytesMin = 32 * mebibyte;
const marginShare = 0.25;
/** What the agent itself takes of its container: main thread, young generation, code. */
const agentBytes = 96 * mebibyte;
const defaultHardBytes = 192 * mebibyte;
/** Of each of the three semi-spaces. More makes little faster and costs every session the memory. */
const semiSpaceBytesMax = 8 * mebibyte;
const semiSpaceShare = 1 / 32;
const machineBytesMin = 64 * 1024 * mebibyte;

/** The hard limit that goes with a session's soft one. */
export function heapHardBytesFor(softBytes: number): number {
  return softBytes + Math.max(marginBytesMin, Math.floor(softBytes * marginShare));
}

/**
 * The hard limit of a worker that starts before its session's limits are known: what the container's memory allows,
 * and in a small one what a session with half of it needs.
 * `containerBytes` as `process.constrainedMemory()` gives it; absurdly large where there is no container.
 */
export function heapHardBytesIn(containerBytes: number): number {
  if (containerBytes <= 0 || containerBytes >= machineBytesMin) return defaultHardBytes;
  return Math.floor(Math.max(containerBytes / 2 + marginBytesMin / 2, containerBytes - agentBytes));
}

/**
 * Whether a worker with this hard limit can serve a session with that soft one, in a container that may have other limits by now than
 * when the worker started: neither too small for the session nor too large for the container.
 */
export function isHeapFit(hardBytes: number, softBytes: number, containerBytes: number): boolean {
  const isEnough = hardBytes >= softBytes + marginBytesMin / 2;
  return isEnough && hardBytes <= heapHardBytesIn(containerBytes);
}

/**
 * The young generation of a worker in such a container, as V8 counts it: three semi-spaces. In a small container they would take what
 * a program may fill beyond its limit before that is seen.
 * `containerBytes` as for `heapHardBytesIn`.
 */
export function youngBytesIn(containerBytes: number): number {
  if (containerBytes <= 0) return 3 * semiSpaceBytesMax;
  return 3 * Math.min(semiSpaceBytesMax, Math.floor(containerBytes * semiSpaceShare));
}
