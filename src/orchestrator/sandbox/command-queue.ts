// The commands on their way to one agent. An execution is given again after a redial as long as the agent has shown no sign of it;
// what the channel does not take at once waits here, encoded once.
import { type Command, encodeLine, LineError } from '#protocol';
import type { Clock } from '../foundation/clock.ts';
import { AppError } from '../foundation/errors.ts';
import type { Channel } from './link-connection.ts';

type Waiting = {
  readonly type: 'execute' | 'cancel' | 'stdin';
  readonly executionId: string;
  readonly line: Buffer;
};

/** Acknowledgements of a burst of events travel as one. */
const acknowledgeDelayMs = 2;
/** Commands to a link that is down. A session queues far fewer. */
const waitingMax = 1024;

export class CommandQueue {
  readonly #clock: Clock;
  /** Executions given and not seen ended, by id. */
  readonly #open = new Map<string, Waiting>();
  readonly #cancelled = new Map<string, Waiting>();
  #waiting: Waiting[] = [];
  #channel: Channel | null = null;
  #blocked = false;
  #acknowledgedSeq: number;
  #acknowledgedSeqSent: number;
  #acknowledgeScheduled = false;

  constructor(acknowledgedSeq: number, clock: Clock) {
    this.#acknowledgedSeq = acknowledgedSeq;
    this.#acknowledgedSeqSent = acknowledgedSeq;
    this.#clock = clock;
  }

  get acknowledgedSeq(): number {
    return this.#acknowledgedSeq;
  }

  /** Throws `payload_too_large` for a command that does not fit a line, `queue_full` when too many wait. */
  execute(command: Extract<Command, { type: 'execute' }>): void {
    if (this.#open.has(command.executionId)) return;
    const waiting = encode(command);
    this.#push(waiting);
    this.#open.set(command.executionId, waiting);
    this.#flush();
  }

  cancel(executionId: string): void {
    const waiting = encode({ type: 'cancel', executionId });
    this.#cancelled.set(executionId, waiting);
    this.#push(waiting);
    this.#flush();
  }

  stdin(executionId: string, content: string): void {
    this.#push(encode({ type: 'stdin', executionId, content }));
    this.#flush();
  }

  acknowledge(seq: number): void {
    if (seq <= this.#acknowledgedSeq) return;
    this.#acknowledgedSeq = seq;
    if (this.#acknowledgeScheduled) return;
    this.#acknowledgeScheduled = true;
    this.#clock.after(acknowledgeDelayMs, () => {
      this.#acknowledgeScheduled = false;
      this.#flush();
    });
  }

  /** The agent has said how it ended: nothing about it needs to be sent any more. */
  ended(executionId: string): void {
    this.#open.delete(executionId);
    this.#cancelled.delete(executionId);
    if (this.#waiting.length > 0)
      this.#waiting = this.#waiting.filter((waiting) => waiting.executionId !== executionId);
  }

  /** A channel is up. `known`: executions that the agent has, and needs not be given again. */
  attach(channel: Channel, known: ReadonlySet<string>): void {
    const executions = this.#open.values().filter(({ executionId }) => !known.has(executionId));
    const input = this.#waiting.filter(({ type }) => type === 'stdin');
    this.#waiting = [...executions, ...this.#cancelled.values(), ...input];
    this.#channel = channel;
    this.#blocked = false;
    // The hello may have carried an older one, and an agent without room would wait for this one for ever.
    this.#acknowledgedSeqSent = 0;
    this.#flush();
  }

  detach(): void {
    this.#channel = null;
  }

  drained(): void {
    this.#blocked = false;
    this.#flush();
  }

  #push(waiting: Waiting): void {
    if (this.#waiting.length >= waitingMax) throw new AppError('queue_full');
    this.#waiting.push(waiting);
  }

  #flush(): void {
    if (this.#channel === null || this.#blocked) return;
    if (this.#acknowledgedSeq > this.#acknowledgedSeqSent) {
      this.#acknowledgedSeqSent = this.#acknowledgedSeq;
      const line = encodeLine({ type: 'acknowledge', seq: this.#acknowledgedSeq });
      this.#blocked = !this.#channel.write(line);
    }
    while (!this.#blocked) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) return;
      this.#blocked = !this.#channel.write(waiting.line);
    }
  }
}

function encode(command: Extract<Command, { executionId: string }>): Waiting {
  const { type, executionId } = command;
  try {
    return { type, executionId, line: encodeLine(command) };
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
    throw new AppError('payload_too_large', { cause: error });
  }
}
