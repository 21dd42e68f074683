// Waits until a client has read what it was sent, so that what is stored is sent no faster than it is read.
import type { Writable } from 'node:stream';
import type { Clock } from '../foundation/clock.ts';

/** Of `unsentBytes`, below which there is room for more. */
const roomBytesMax = 1024 * 1024;
/** How long a client may take to read that. */
const roomMsMax = 60_000;

/** True once there is room, false when the connection is closed or the client takes too long. */
export async function roomFor(
  stream: Writable,
  unsentBytes: () => number,
  clock: Clock,
): Promise<boolean> {
  if (stream.destroyed) return false;
  if (unsentBytes() <= roomBytesMax || !stream.writableNeedDrain) return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const onDrain = () => resolve(true);
  const onClose = () => resolve(false);
  stream.on('drain', onDrain);
  stream.on('close', onClose);
  const cancel = clock.after(roomMsMax, () => resolve(false));
  try {
    return await promise;
  } finally {
    cancel();
    stream.off('drain', onDrain);
    stream.off('close', onClose);
  }
}
