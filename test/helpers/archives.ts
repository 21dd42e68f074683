// Archives as tests make them: whole ones from a real workspace, and any other from a list of entries.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { extract, type Header, pack } from 'tar-stream';

export type MadeEntry = Partial<Header> & Pick<Header, 'name'> & { content?: string | Buffer };

export const manifestEntry: MadeEntry = {
  name: 'manifest.json',
  content: JSON.stringify({ format: 1, language: 'anarchy', engine: 'test' }),
};

/** The bytes of a tar with just these entries. */
export async function tarOf(entries: readonly MadeEntry[]): Promise<Buffer> {
  const tar = pack();
  const bytes = collect(tar);
  for (const { content, ...header } of entries) {
    const body = Buffer.from(content ?? '');
    const entry = tar.entry({ size: body.byteLength, ...header });
    const isFile = (header.type ?? 'file') === 'file';
    if (isFile && body.byteLength > 0) entry.write(body);
    entry.end(null);
    await once(entry, 'close');
  }
  tar.finalize();
  return bytes;
}

/** A whole archive around these entries: manifest before, summary with true counts and digest after. */
export async function archiveOf(
  entries: readonly MadeEntry[],
  summary: Readonly<Record<string, unknown>> = {},
): Promise<Buffer> {
  const hash = createHash('sha256');
  const counts = { files: 0, directories: 0, links: 0, fileBytes: 0, heapBytes: 0 };
  for (const entry of [manifestEntry, ...entries]) {
    const { name, content = '', type = 'file', mode = 0o644, linkname } = entry;
    const size = Buffer.byteLength(content);
    const mtimeMs = entry.mtime?.getTime() ?? 0;
    const isOurs = !name.startsWith('workspace/');
    hash.update(
      JSON.stringify(
        isOurs
          ? ['file', name, 0, 0, size, null]
          : [type, name, mode, mtimeMs, size, type === 'symlink' ? (linkname ?? '') : null],
      ),
    );
    hash.update(content);
    if (name.startsWith('heap/')) counts.heapBytes += size;
    else if (isOurs) continue;
    else if (type === 'directory') counts.directories++;
    else if (type === 'symlink') counts.links++;
    else {
      counts.files++;
      counts.fileBytes += size;
    }
  }
  const told = { ...counts, omitted: 0, digest: hash.digest('hex'), ...summary };
  const dated = entries.map((entry) => ({ mode: 0o644, mtime: new Date(0), ...entry }));
  return tarOf([manifestEntry, ...dated, { name: 'summary.json', content: JSON.stringify(told) }]);
}

/** The engine's image out of an archive. */
export async function heapOf(archive: Buffer): Promise<Buffer> {
  const tar = extract();
  Readable.from([archive]).pipe(tar as unknown as NodeJS.WritableStream);
  const pieces: Buffer[] = [];
  for await (const entry of tar) {
    const content = await collect(entry);
    if (entry.header.name.startsWith('heap/')) pieces.push(content);
  }
  return Buffer.concat(pieces);
}

export async function collect(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** The bytes as a network would bring them: in pieces that respect no boundary. */
export function inPieces(bytes: Buffer, pieceBytes = 1000): Readable {
  const pieces: Buffer[] = [];
  for (let start = 0; start < bytes.byteLength; start += pieceBytes)
    pieces.push(bytes.subarray(start, start + pieceBytes));
  return Readable.from(pieces);
}
