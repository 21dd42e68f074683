// Files of the workspace, while code runs as well. What an agent needs for them it loads when somebody asks: most sessions never do.
import type { ServerHttp2Stream } from 'node:http2';
import { BodyReader, encodeLine, LineError, limits } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { requestShapes } from '../request-shapes.ts';
import type { Transfer } from '../server.ts';
import type { Session } from '../session.ts';
import { ask } from './ask.ts';
import { bodyOf, closing, endWhole, sendChunks, watchWhole } from './streams.ts';

export function files(session: Session) {
  return ask(requestShapes.files, async (request) => {
    const { listFiles } = await import('../workspace/list-files.ts');
    return listFiles(rootOf(session), request);
  });
}

export function fileStatus(session: Session) {
  return ask(requestShapes.fileStatus, async (request) => {
    const { fileStatus } = await import('../workspace/file-status.ts');
    return fileStatus(rootOf(session), request);
  });
}

export function readFile(session: Session): { readonly transfer: Transfer } {
  return {
    transfer: async (stream) => {
      const signal = closing(stream);
      const body = new BodyReader(bodyOf(stream));
      const { path } = await lineOf(body, requestShapes.fileRead);
      const { OpenFile } = await import('../workspace/open-file.ts');
      using file = await OpenFile.open(rootOf(session), path);
      await sendChunks(stream, [encodeLine(file.status, limits.fileLineBytesMax)], signal);
      const part = await lineOf(body, requestShapes.filePart);
      if (part.offset + part.length > file.status.sizeBytes)
        throw new AgentFailure('invalid_request', 'The file has no such part');
      await sendChunks(stream, file.content(part), signal);
      if (!signal.aborted) endWhole(stream);
    },
  };
}

export function writeFile(session: Session): { readonly transfer: Transfer } {
  return {
    transfer: async (stream) => {
      const signal = closing(stream);
      const isWhole = watchWhole(stream);
      const body = new BodyReader(bodyOf(stream));
      const request = await lineOf(body, requestShapes.fileWrite);
      rootOf(session);
      const { replaceFile } = await import('../workspace/replace-file.ts');
      const content = { bytes: body.rest(), isWhole };
      answer(stream, await replaceFile(session.workspace, request, content, signal));
    },
  };
}

export function removeFile(session: Session): { readonly transfer: Transfer } {
  return {
    transfer: async (stream) => {
      const signal = closing(stream);
      const request = await lineOf(new BodyReader(bodyOf(stream)), requestShapes.fileRemove);
      rootOf(session);
      const { removeFile } = await import('../workspace/remove-file.ts');
      await removeFile(session.workspace, request, signal);
      answer(stream, {});
    },
  };
}

/** Throws `not_configured`. */
function rootOf(session: Session): string {
  return session.configuration && session.workspace.root;
}

async function lineOf<Line>(
  body: BodyReader,
  shape: { Check(value: unknown): value is Line },
): Promise<Line> {
  try {
    const line = await body.line();
    if (shape.Check(line)) return line;
  } catch (error) {
    if (!(error instanceof LineError)) throw error;
  }
  throw new AgentFailure('invalid_request', 'The body is malformed');
}

function answer(stream: ServerHttp2Stream, message: unknown): void {
  if (stream.closed || stream.destroyed) return;
  stream.respond({ ':status': 200 });
  stream.end(JSON.stringify(message));
}
