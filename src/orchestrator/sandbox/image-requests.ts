// A session's saved state between a sandbox and the host: an opaque stream, bounded in length, at the speed of the slower end.
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { Readable } from 'node:stream';
import { limits, parseMessage, routes } from '#protocol';
import { type LinkConnection, ProtocolViolation, type Reply } from './link-connection.ts';

/**
 * The state as bytes. Throws what `failed` makes of a reply that is none, the signal's reason, ProtocolViolation, and an Error when
 * the stream broke off: what was read until then is worth nothing.
 */
export async function* readImage(
  connection: LinkConnection,
  signal: AbortSignal,
  failed: (reply: Reply) => Error,
): AsyncGenerator<Buffer> {
  const stream = connection.openTransfer('GET', routes.image, signal);
  stream.end();
  const status = await statusOf(stream);
  if (status !== 200) throw failed(await replyOf(stream, status));
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    connection.countPayload(chunk.byteLength);
    if (bytes > limits.imageBytesMax)
      throw new ProtocolViolation('an image is over its size limit');
    yield chunk;
  }
  if (stream.rstCode !== 0) throw new Error('the image was cut off');
}

/** Sends a state and waits until it is the session's. Gives the reply. Throws as `readImage`, and what the source throws. */
export async function writeImage(
  connection: LinkConnection,
  image: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<Reply> {
  const stream = connection.openTransfer('PUT', routes.image, signal);
  const source = Readable.from(image, { objectMode: false });
  // A reply that comes early says why the rest is not wanted.
  source.on('error', (error) => stream.destroy(error));
  source.pipe(stream);
  try {
    const status = await statusOf(stream);
    return await replyOf(stream, status);
  } finally {
    source.destroy();
    if (!stream.closed) stream.destroy();
  }
}

function statusOf(stream: ClientHttp2Stream): Promise<number> {
  return new Promise((resolve, reject) => {
    stream.once('response', (headers: IncomingHttpHeaders & { ':status'?: number }) =>
      resolve(Number(headers[':status'])),
    );
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('the request was cut off')));
  });
}

async function replyOf(stream: ClientHttp2Stream, status: number): Promise<Reply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > limits.bodyBytesMax) throw new ProtocolViolation('a reply is over its size limit');
    chunks.push(chunk);
  }
  try {
    return { status, message: parseMessage(Buffer.concat(chunks)) };
  } catch (cause) {
    throw new ProtocolViolation('a reply is not JSON', { cause });
  }
}
