// What an agent does before it has a session: writes a small state and brings it back, so that the first real one finds the way
// loaded and used once.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveFormatVersion } from './archive-format.ts';
import { readArchive } from './read-archive.ts';
import { writeArchive } from './write-archive.ts';

const limits = { entriesMax: 10, fileBytesMax: 4096, heapBytesMax: 4096 };
const manifest = {
  format: archiveFormatVersion,
  language: 'none',
  languageVersion: 1,
  engine: '0',
};

/** Leaves nothing behind. */
export async function warmUpArchives(): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'warm-up-'));
  try {
    const [from, to] = [join(directory, 'from'), join(directory, 'to')];
    await mkdir(join(from, 'inner'), { recursive: true });
    await mkdir(to);
    await writeFile(join(from, 'inner', 'file'), 'content');
    const archive = writeArchive({ root: from, manifest, heap: someBytes(), limits });
    const load = async (image: AsyncIterable<Uint8Array>) => {
      for await (const _ of image);
    };
    await readArchive(archive, { root: to, accept: () => {}, load, limits });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function* someBytes(): AsyncIterable<Uint8Array> {
  yield Buffer.alloc(16);
}
