// A host that remembers what a program wrote and answers from a script: the language's whole outside world in tests.
import type { Host, StopReason } from '../../src/language/host.ts';

export type HostScript = {
  /** Lines that `input()` gets, one after another; then none. */
  readonly lines?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Asked at every poll; a reason stops the program. */
  readonly onPoll?: () => StopReason | null;
  readonly valueBytesMax?: number;
};

export class RecordingHost implements Host {
  readonly written: { channel: 'stdout' | 'stderr' | 'display'; text: string }[] = [];
  readonly progressed: { value: number; of: number | null }[] = [];
  readonly slept: number[] = [];
  readonly environment: ReadonlyMap<string, string>;
  readonly valueBytesMax: number;
  readonly #lines: string[];
  readonly #onPoll: () => StopReason | null;
  #now = 1_000_000;

  constructor(script: HostScript = {}) {
    this.#lines = [...(script.lines ?? [])];
    this.#onPoll = script.onPoll ?? (() => null);
    this.environment = new Map(Object.entries(script.environment ?? {}));
    this.valueBytesMax = script.valueBytesMax ?? 256 * 1024 * 1024;
  }

  poll(): StopReason | null {
    return this.#onPoll();
  }

  write(channel: 'stdout' | 'stderr' | 'display', text: string): void {
    this.written.push({ channel, text });
  }

  /** All text of one channel. */
  text(channel: 'stdout' | 'stderr' | 'display'): string {
    return this.written
      .filter((entry) => entry.channel === channel)
      .map((entry) => entry.text)
      .join('');
  }

  /** The prompt appears on stdout, as a terminal shows it. */
  readLine(prompt: string): string | null {
    if (prompt !== '') this.write('stdout', prompt);
    return this.#lines.shift() ?? null;
  }

  sleep(ms: number): StopReason | null {
    this.slept.push(ms);
    this.#now += ms;
    return this.#onPoll();
  }

  progress(value: number, of: number | null): void {
    this.progressed.push({ value, of });
  }

  now(): number {
    return this.#now++;
  }

  randomSeed(): number {
    return 12345;
  }
}
