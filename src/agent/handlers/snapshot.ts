// The state of the session as an archive, and back: bytes that flow as fast as the other end takes or gives them, between executions.
import type { ConfigureRequest } from '#protocol';
import { faulty } from '../archive/archive-failures.ts';
import { type ArchiveLimits, archiveFormatVersion } from '../archive/archive-format.ts';
import type { Transfer } from '../server.ts';
import type { Session } from '../session.ts';
import { agentVersion } from './hello.ts';
import { bodyOf, closing, endWhole, sendChunks } from './streams.ts';

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
      await whileStill(session, async () => {
        if (signal.aborted) return;
        // Most sessions are never stored: an agent starts without this.
        const { writeArchive } = await import('../archive/write-archive.ts');
        const { language } = configuration;
        const archive = writeArchive({
          root: session.workspace.root,
          manifest: {
            format: archiveFormatVersion,
            language,
            languageVersion: engine.languageVersion,
            engine: agentVersion,
          },
          heap: engine.save(signal),
          limits: limitsOf(configuration),
        });
        await sendChunks(stream, archive, signal);
      });
      if (!signal.aborted) endWhole(stream);
    },
  };
}

/** What becomes of an archive: the same session again, another one, or its files alone. */
type Restored = 'same' | 'fork' | 'files';

export function restore(session: Session, restored: Restored): { readonly transfer: Transfer } {
  return {
    transfer: async (stream) => {
      const engine = session.configuredEngine();
      const { configuration } = session;
      const signal = closing(stream);
      const { readArchive } = await import('../archive/read-archive.ts');
      await whileStill(session, () =>
        readArchive(bodyOf(stream), {
          root: session.workspace.root,
          accept: ({ language, languageVersion }) => {
            if (language !== configuration.language) throw faulty('language_differs', language);
            if (languageVersion > engine.languageVersion)
              throw faulty('language_newer', String(languageVersion));
          },
          load: (image) =>
            restored === 'files'
              ? passOver(image)
              : engine.load(image, { fork: restored === 'fork', signal }),
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

/** No program runs meanwhile, and nobody changes files from outside. */
function whileStill<Result>(
  { executions, workspace }: Session,
  work: () => Promise<Result>,
): Promise<Result> {
  return executions.exclusively(() => workspace.whileStill(work));
}

async function passOver(image: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of image);
}
