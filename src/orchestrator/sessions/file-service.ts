// What the API may ask about the files of sessions. Every call names the tenant first. Errors are AppErrors.
import type {
  FileRemoveRequest,
  FileStatus,
  FileStatusRequest,
  FilesReply,
  FilesRequest,
  FileWriteReply,
  FileWriteRequest,
} from '#protocol';
import type { FileReading } from '../sandbox/agent.ts';
import type { LoadedSessions } from './loaded-sessions.ts';
import type { Session } from './session.ts';

/** What others see of it. */
export type Files = { readonly [Method in keyof FileService]: FileService[Method] };

export class FileService {
  readonly #sessions: Pick<LoadedSessions<Session>, 'using'>;

  constructor(sessions: Pick<LoadedSessions<Session>, 'using'>) {
    this.#sessions = sessions;
  }

  async list(
    tenant: string,
    idOrName: string,
    request: FilesRequest,
    signal: AbortSignal,
  ): Promise<FilesReply> {
    return this.#sessions.using(tenant, idOrName, ({ files }) => files.list(request, signal));
  }

  async status(
    tenant: string,
    idOrName: string,
    request: FileStatusRequest,
    signal: AbortSignal,
  ): Promise<FileStatus> {
    return this.#sessions.using(tenant, idOrName, ({ files }) => files.status(request, signal));
  }

  /** Opens a file. One of the reading's `content` and `close` must follow, or the signal be aborted. */
  async read(
    tenant: string,
    idOrName: string,
    path: string,
    signal: AbortSignal,
  ): Promise<FileReading> {
    return this.#sessions.using(tenant, idOrName, ({ files }) => files.read(path, signal));
  }

  /** Resolves when the file is there, and durable where the session's policy is `execution`. */
  async write(
    tenant: string,
    idOrName: string,
    request: FileWriteRequest,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<FileWriteReply> {
    return this.#sessions.using(tenant, idOrName, ({ files }) =>
      files.write(request, content, signal),
    );
  }

  async remove(
    tenant: string,
    idOrName: string,
    request: FileRemoveRequest,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#sessions.using(tenant, idOrName, ({ files }) => files.remove(request, signal));
  }
}
