// Images of sessions as bytes, and what an attacker can do to them: take the frames apart, and seal them again.
import { createInterpreter, type ImageFailure, type Interpreter } from '#language';
import { crc32 } from '../../src/language/image/crc32.ts';
import { magic } from '../../src/language/image/image-format.ts';
import { RecordingHost } from '../doubles/recording-host.ts';

const bytesMax = 256 * 1024 * 1024;

/** The image of a session; throws if it cannot be saved. */
export function imageOf(interpreter: Interpreter): Uint8Array {
  const chunks: Uint8Array[] = [];
  const failure = interpreter.save((chunk) => chunks.push(chunk), bytesMax);
  if (failure !== null) throw new Error(`${failure.type}: ${failure.message}`);
  return joined(chunks);
}

/** Loads an image in chunks of some size; why it was refused, or null. */
export function loadInto(
  interpreter: Interpreter,
  image: Uint8Array,
  chunkBytes = image.byteLength,
): ImageFailure | null {
  const load = interpreter.load(bytesMax);
  for (let at = 0; at < image.byteLength; at += chunkBytes) {
    const failure = load.write(image.subarray(at, at + chunkBytes));
    if (failure !== null) return failure;
  }
  return load.end();
}

/** A new session out of an image; throws if it is refused. */
export function sessionOf(image: Uint8Array, host = new RecordingHost()): Interpreter {
  const interpreter = createInterpreter(host);
  const failure = loadInto(interpreter, image);
  if (failure !== null) throw new Error(`${failure.type}: ${failure.message}`);
  return interpreter;
}

/** The payloads of an image's frames in one piece. */
export function payloadOf(image: Uint8Array): Uint8Array {
  const view = new DataView(image.buffer, image.byteOffset);
  const payloads: Uint8Array[] = [];
  for (let at = magic.length; at < image.byteLength; ) {
    const length = view.getUint32(at, true);
    payloads.push(image.subarray(at + 4, at + 4 + length));
    at += length + 8;
  }
  return joined(payloads);
}

/** An image of one frame around a payload, with everything right about it but what is in the payload. */
export function sealed(payload: Uint8Array): Uint8Array {
  const image = new Uint8Array(magic.length + payload.byteLength + 16);
  const view = new DataView(image.buffer);
  image.set(magic);
  view.setUint32(magic.length, payload.byteLength, true);
  image.set(payload, magic.length + 4);
  const end = magic.length + 4 + payload.byteLength;
  const checksum = crc32(image, magic.length, end);
  view.setUint32(end, checksum, true);
  view.setUint32(end + 8, crc32(image, end + 4, end + 8, checksum), true);
  return image;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}
