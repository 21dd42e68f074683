// Files of a sandbox's workspace over its link. SECURITY: where a path leads is decided in the sandbox; here are only bytes, no more
// and no fewer than were said.
import { Compile } from 'typebox/compile';
import {
  BodyReader,
  encodeLine,
  type FilePart,
  type FileRemoveRequest,
  FileStatus,
  type FileStatusRequest,
  FilesReply,
  type FilesRequest,
  FileWriteReply,
  type FileWriteRequest,
  LineError,
  limits,
  routes,
} from '#protocol';
import type { AgentFiles, FileReading } from './agent.ts';
import { failureOf, transferFailure } from './failure-errors.ts';
import { type LinkConnection, ProtocolViolation } from './link-connection.ts';
import { type Exchange, exchange, type TransferOptions, upload } from './link-transfer.ts';

const statusShape = Compile(FileStatus);
const listShape = Compile(FilesReply);
const writtenShape = Compile(FileWriteReply);

export type LinkFilesOptions = {
  readonly connected: (signal: AbortSignal) => Promise<LinkConnection>;
  readonly ask: <Answer>(
    path: string,
    body: unknown,
    check: (message: unknown) => Answer | null,
    signal: AbortSignal,
  ) => Promise<Answer>;
  readonly transfer: (signal: AbortSignal) => TransferOptions;
};

export class LinkFiles implements AgentFiles {
  readonly #options: LinkFilesOptions;

  constructor(options: LinkFilesOptions) {
    this.#options = options;
  }

  list(request: FilesRequest, signal: AbortSignal): Promise<FilesReply> {
    const check = (message: unknown) =>
      listShape.Check(message) && message.items.length <= request.limit ? message : null;
    return this.#options.ask(routes.files, request, check, signal);
  }

  status(request: FileStatusRequest, signal: AbortSignal): Promise<FileStatus> {
    const check = (message: unknown) => (statusShape.Check(message) ? message : null);
    return this.#options.ask(routes.fileStatus, request, check, signal);
  }

  async read(path: string, signal: AbortSignal): Promise<FileReading> {
    const connection = await this.#options.connected(signal);
    try {
      const got = await exchange(
        connection,
        routes.fileRead,
        lineOf({ path }),
        this.#options.transfer(signal),
      );
      if ('reply' in got) throw failureOf(routes.fileRead, got.reply);
      return await openReading(connection, got, signal);
    } catch (error) {
      throw transferFailure(connection, error, signal);
    }
  }

  async write(
    request: FileWriteRequest,
    content: AsyncIterable<Uint8Array>,
    signal: AbortSignal,
  ): Promise<FileWriteReply> {
    const check = (message: unknown) => (writtenShape.Check(message) ? message : null);
    return this.#send(routes.fileWrite, request, content, check, signal);
  }

  async remove(request: FileRemoveRequest, signal: AbortSignal): Promise<void> {
    await this.#send(routes.fileRemove, request, none(), (message) => message, signal);
  }

  /** Asked once: over another connection nobody knows whether it has taken effect. */
  async #send<Answer>(
    path: string,
    request: unknown,
    content: AsyncIterable<Uint8Array>,
    check: (message: unknown) => Answer | null,
    signal: AbortSignal,
  ): Promise<Answer> {
    const connection = await this.#options.connected(signal);
    try {
      const body = withLine(lineOf(request), content);
      const reply = await upload(connection, path, body, this.#options.transfer(signal));
      const answer = reply.status === 200 ? check(reply.message) : null;
      if (answer === null) throw failureOf(path, reply);
      return answer;
    } catch (error) {
      throw transferFailure(connection, error, signal);
    }
  }
}

async function openReading(
  connection: LinkConnection,
  { content, ask }: Exchange,
  signal: AbortSignal,
): Promise<FileReading> {
  const body = new BodyReader(content);
  const status = await firstLine(body);
  return {
    status,
    content: (part) => partOf(connection, body, part, ask, signal),
    close: () => body.close(),
  };
}

async function firstLine(body: BodyReader): Promise<FileStatus> {
  try {
    const line = await body.line();
    if (statusShape.Check(line) && line.type === 'file') return line;
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
  }
  await body.close();
  throw new ProtocolViolation('the status of a file is malformed');
}

async function* partOf(
  connection: LinkConnection,
  body: BodyReader,
  part: FilePart,
  ask: (line: Buffer) => void,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let left = part.length;
  try {
    ask(lineOf(part));
    for await (const chunk of body.rest()) {
      left -= chunk.byteLength;
      if (left < 0) throw new ProtocolViolation('a file is longer than was said');
      yield chunk;
    }
    if (left > 0) throw new ProtocolViolation('a file is shorter than was said');
  } catch (error) {
    throw transferFailure(connection, error, signal);
  }
}

function lineOf(message: unknown): Buffer {
  return encodeLine(message, limits.fileLineBytesMax);
}

async function* withLine(
  line: Buffer,
  content: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield line;
  yield* content;
}

async function* none(): AsyncGenerator<Uint8Array> {}
