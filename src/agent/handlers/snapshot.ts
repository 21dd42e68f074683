// The state of the session as an archive, and back: bytes that flow as fast as the other end takes or gives them, between executions.
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { type ConfigureRequest, wholeTrailer } from '#protocol';
import { faulty } from '../archive/archive-failures.ts';
import { type ArchiveLimits, archiveFormatVersion } from '../archive/archive-format.ts';
import type { Transfer } from '../server.ts';
import type { Session } from '../session.ts';
import { agentVersion } from './hello.ts';

/** More than any workspace has: its file system says first that it is full. */
const workspaceMax = { entriesMax: 100_000, fileBytesMax: 1024 ** 4 };
/** An image is shorter than the heap that it is made of; this is for the odd one that is not. */
const imagePerHeap = 4;

export function snapshot(session: Session): { readonly transfer: Transfer } {
  return {
    transfer: async (stream) => {
      const engine = session.configuredEngine();
      const { configuration } = session;
      const signal = closing(stream);
      // Nothing but its end is expected of the request.
      stream.resume();
      await session.executions.exclusively(async () => {
        if (signal.aborted) return;
        // Most sessions are never stored: an agent starts without this.
        const { writeArchive } = await import('../archive/write-archive.ts');
        const { language } = configuration;
        const archive = writeArchive({
          root: session.workspace,
          manifest: { format: archiveFormatVersion, language, engine: agentVersion },
          heap: engine.save(signal),
          limits: limitsOf(configuration),
        });
        for await (const chunk of archive) {
          if (signal.aborted) return;
          if (!stream.headersSent) stream.respond({ ':status': 200 }, { waitForTrailers: true });
          if (!stream.write(chunk)) await once(stream, 'drain', { signal });
        }
      });
      if (signal.aborted) return;
      stream.on('wantTrailers', () => stream.sendTrailers({ [wholeTrailer]: 'yes' }));
      stream.end();
    },
  };
}

/** `fork`: the state becomes another session's. */
export function restore(session: Session, fork: boolean): { readonly transfer: Transfer } {
  return {
    transfer: async (stream) => {
      const engine = session.configuredEngine();
      const { configuration } = session;
      const signal = closing(stream);
      const { readArchive } = await import('../archive/read-archive.ts');
      await session.executions.exclusively(() =>
        readArchive(bodyOf(stream), {
          root: session.workspace,
          accept: ({ language }) => {
            if (language === configuration.language) return;
            throw faulty('language_differs', language);
          },
          load: (image) => engine.load(image, { fork, signal }),
          limits: limitsOf(configuration),
        }),
      );
      if (signal.aborted) return;
      stream.respond({ ':status': 200 });
      stream.end('{}');
    },
  };
}

function limitsOf({ heapBytesMax }: ConfigureRequest): ArchiveLimits {
  return { ...workspaceMax, heapBytesMax: heapBytesMax * imagePerHeap };
}

/** Read in its turn: until then flow control holds the sender. The stream stays open for the reply. */
function bodyOf(stream: ServerHttp2Stream): AsyncIterable<Uint8Array> {
  return stream.iterator({ destroyOnReturn: false });
}

/** Aborted when the stream is gone, whoever closed it. */
function closing(stream: ServerHttp2Stream): AbortSignal {
  const controller = new AbortController();
  if (stream.closed || stream.destroyed) controller.abort();
  stream.once('close', () => controller.abort());
  return controller.signal;
}
