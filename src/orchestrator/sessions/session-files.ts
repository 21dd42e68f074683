// The files of one session as its clients reach them: wakes it, bounds what is under way, and makes a change as durable as the
// session's policy promises before it is acknowledged.
import type {
  FileRemoveRequest,
  FileStatus,
  FileStatusRequest,
  FilesReply,
  FilesRequest,
  FileWriteReply,
  FileWriteRequest,
} from '#protocol';
import { abortable } from '../foundation/abortable.ts';
import { AppError } from '../foundation/errors.ts';
import type { SessionRecord } from '../registry/records.ts';
import type { FileReading, Sandbox } from '../sandbox/agent.ts';
import type { Lease } from './lease.ts';
import { Turnstile } from './turnstile.ts';

/** At a time. The link has streams for more, and those are for everything else. */
const transfersMax = 16;

export type SessionFilesParts = {
  readonly record: () => SessionRecord;
  /** The sandbox, awake for as long as it is leased. */
  readonly lease: (signal: AbortSignal) => Promise<Lease>;
  /** The policy `interval` wants a version soon. */
  readonly schedule: () => void;
  /** Stores a version; `begun` is called before the state is looked at. Gives the sandbox whose state it is. */
  readonly store: (begun: () => void) => Promise<Sandbox>;
};

export class SessionFiles {
  readonly #parts: SessionFilesParts;
  /** A change passes it when it takes effect, so that none does while the state moves to another sandbox. */
  readonly #gate = new Turnstile();
  #transfers = 0;
  #giveUp = new AbortController();
  /** A version that has not looked at the state yet: whatever was changed before is in it. */
  #coming: Promise<Sandbox> | null = null;

  constructor(parts: SessionFilesParts) {
    this.#parts = parts;
  }

  async list(request: FilesRequest, signal: AbortSignal): Promise<FilesReply> {
    using lease = await this.#lease(signal);
    return await lease.sandbox.agent.files.list(request, signal);
  }

  async status(request: FileStatusRequest, signal: AbortSignal): Promise<FileStatus> {
    using lease = await this.#lease(signal);
    return await lease.sandbox.agent.files.status(request, signal);
  }

  /** See AgentFiles.read. When the signal is aborted it is over, too. */
  async read(path: string, signal: AbortSignal): Promise<FileReading> {
    const lease = await this.#lease(signal);
    const over = () => lease[Symbol.dispose]();
    signal.addEventListener('abort', over, { once: true });
    try {
      const reading = await lease.sandbox.agent.files.read(path, signal);
      return {
        status: reading.status,
        content: (part) => thenCall(reading.content(part), over),
        close: async () => {
          over();
          await reading.close();
        },
      };
    } catch (error) {
      over();
      throw error;
    }
  }

  async write(
    request: FileWriteRequest,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<FileWriteReply> {
    const { workspaceBytes } = this.#parts.record().config.limits;
    return this.#change(signal, (sandbox, passing, until) =>
      sandbox.agent.files.write(request, bounded(content, workspaceBytes, passing), until),
    );
  }

  async remove(request: FileRemoveRequest, signal: AbortSignal): Promise<void> {
    await this.#change(signal, async (sandbox, passing, until) => {
      await passing();
      await sandbox.agent.files.remove(request, until);
    });
  }

  /** No change takes effect until the result is disposed of. Resolves when none is about to. */
  shut(signal: AbortSignal): Promise<Disposable> {
    return this.#gate.shut(signal);
  }

  /** As `shut`, and gives up every change that has not taken effect: for a sandbox that may not answer any more. */
  shutNow(signal: AbortSignal): Promise<Disposable> {
    const shut = this.#gate.shut(signal);
    this.#giveUp.abort(new AppError('sandbox_lost'));
    this.#giveUp = new AbortController();
    return shut;
  }

  async #change<Result>(
    signal: AbortSignal,
    make: (sandbox: Sandbox, passing: () => Promise<void>, until: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    using lease = await this.#lease(signal);
    const { sandbox } = lease;
    const until = AbortSignal.any([signal, this.#giveUp.signal]);
    using inside = new DisposableStack();
    const result = await make(
      sandbox,
      async () => void inside.use(await this.#gate.enter(until)),
      until,
    );
    inside.dispose();
    await this.#keep(sandbox, signal);
    return result;
  }

  /** Makes what has changed durable, if that is what the session promises. */
  async #keep(changed: Sandbox, signal: AbortSignal): Promise<void> {
    const { policy } = this.#parts.record().config.persistence;
    if (policy === 'interval') this.#parts.schedule();
    if (policy !== 'execution') return;
    const stored = await abortable(this.#stored(), signal);
    if (stored !== changed) throw new AppError('sandbox_lost');
  }

  #stored(): Promise<Sandbox> {
    if (this.#coming !== null) return this.#coming;
    const over = () => {
      if (this.#coming === coming) this.#coming = null;
    };
    const coming = this.#parts.store(over);
    this.#coming = coming;
    coming.catch(() => {}).finally(over);
    return coming;
  }

  async #lease(signal: AbortSignal): Promise<Lease> {
    if (this.#transfers >= transfersMax)
      throw new AppError('rate_limited', {
        detail: `No more than ${transfersMax} requests for files of a session at a time.`,
      });
    this.#transfers++;
    try {
      const lease = await this.#parts.lease(signal);
      let over = false;
      return {
        sandbox: lease.sandbox,
        [Symbol.dispose]: () => {
          if (!over) this.#transfers--;
          over = true;
          lease[Symbol.dispose]();
        },
      };
    } catch (error) {
      this.#transfers--;
      throw error;
    }
  }
}

/** No more than the workspace can hold. Passes the gate before the end, for that is when the change takes effect. */
async function* bounded(
  content: AsyncIterable<Uint8Array>,
  bytesMax: number,
  passing: () => Promise<void>,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw new AppError('payload_too_large');
    yield chunk;
  }
  await passing();
}

async function* thenCall(
  content: AsyncIterable<Uint8Array>,
  call: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } finally {
    call();
  }
}
