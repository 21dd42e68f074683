// Bodies that are no messages: read and sent as fast as the other end gives or takes them.
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { wholeTrailer } from '#protocol';

/** Read in its turn: until then flow control holds the sender. The stream stays open for the reply. */
export function bodyOf(stream: ServerHttp2Stream): AsyncIterable<Uint8Array> {
  return stream.iterator({ destroyOnReturn: false });
}

/** Aborted when the stream is gone, whoever closed it. */
export function closing(stream: ServerHttp2Stream): AbortSignal {
  const controller = new AbortController();
  if (stream.closed || stream.destroyed) controller.abort();
  stream.once('close', () => controller.abort());
  return controller.signal;
}

/** Sends the chunks; the reply begins with the first of them. Ends early when the stream is gone. */
export async function sendChunks(
  stream: ServerHttp2Stream,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  for await (const chunk of chunks) {
    if (signal.aborted) return;
    begin(stream);
    if (!stream.write(chunk)) await once(stream, 'drain', { signal });
  }
}

/** Ends a reply and says that it was all. */
export function endWhole(stream: ServerHttp2Stream): void {
  begin(stream);
  stream.on('wantTrailers', () => stream.sendTrailers({ [wholeTrailer]: 'yes' }));
  stream.end();
}

/** Tells, once the body has ended, whether the sender said that it was all. */
export function watchWhole(stream: ServerHttp2Stream): () => boolean {
  let isWhole = false;
  stream.once('trailers', (trailers) => {
    isWhole = trailers[wholeTrailer] === 'yes';
  });
  return () => isWhole;
}

function begin(stream: ServerHttp2Stream): void {
  if (!stream.headersSent) stream.respond({ ':status': 200 }, { waitForTrailers: true });
}
