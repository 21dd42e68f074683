// A host in memory: records what a program writes, and says when it must stop.
import type { Files, Host, Network, StopReason } from '#language';
import { nodeCryptography } from '../../src/agent/engines/anarchy/node-cryptography.ts';

export class RecordingHost implements Host {
  readonly written: { channel: string; text: string }[] = [];
  readonly progressed: { value: number; of: number | null }[] = [];
  readonly lines: string[];
  readonly environment = new Map<string, string>();
  readonly cryptography = nodeCryptography;
  features: ReadonlySet<string> = new Set();
  valueBytesMax = 64 * 1024 * 1024;
  readonly files: Files | null;
  readonly network: Network | null;
  polls = 0;
  /** The poll that answers with `reason`, counted from 1. */
  stopAtPoll = Number.POSITIVE_INFINITY;
  reason: StopReason = { type: 'CancelledError', message: 'Execution was cancelled' };
  /** Called at every poll, while the program is in the middle of running. */
  onPoll: () => void = () => undefined;
  #now = 1_000_000;

  /** `lines` are what `input()` reads, one after another; then there are none. */
  constructor(
    script: {
      readonly lines?: readonly string[];
      readonly files?: Files;
      readonly network?: Network;
    } = {},
  ) {
    this.lines = [...(script.lines ?? [])];
    this.files = script.files ?? null;
    this.network = script.network ?? null;
  }

  poll(): StopReason | null {
    this.polls++;
    this.onPoll();
    return this.polls >= this.stopAtPoll ? this.reason : null;
  }

  write(channel: 'stdout' | 'stderr' | 'display', text: string): void {
    this.written.push({ channel, text });
  }

  readLine(): string | null {
    return this.lines.shift() ?? null;
  }

  /** Time passes at once. */
  sleep(ms: number): StopReason | null {
    this.#now += ms;
    return null;
  }

  progress(value: number, of: number | null): void {
    this.progressed.push({ value, of });
  }

  now(): number {
    return this.#now;
  }

  randomSeed(): number {
    return 42;
  }

  /** All that went to stdout. */
  get output(): string {
    return this.text('stdout');
  }

  /** All that went to one channel. */
  text(channel: 'stdout' | 'stderr' | 'display'): string {
    return this.written
      .filter((entry) => entry.channel === channel)
      .map(({ text }) => text)
      .join('');
  }
}
