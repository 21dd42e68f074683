// The tokens of one payload. Whatever they claim, it never reads beyond the end.
import { damaged } from './image-error.ts';

/** What asks for room before a text is made. */
export type Room = { allocate(bytes: number): void };

const pieceLength = 8 * 1024;

export class ByteReader {
  readonly #room: Room;
  #bytes: Uint8Array = new Uint8Array(0);
  #view: DataView = new DataView(this.#bytes.buffer);
  #at = 0;
  #end = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  /** The next payload; the one before must be used up. */
  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = 0;
    this.#end = bytes.byteLength;
  }

  get hasMore(): boolean {
    return this.#at < this.#end;
  }

  byte(): number {
    if (this.#at >= this.#end) throw cutOff();
    return this.#bytes[this.#at++]!;
  }

  /** Up to 32 bits; in its shortest form only, so that an image has one form. */
  unsigned(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > 0xffffffff || (byte === 0 && factor > 1))
          throw damaged('a number is malformed');
        return value;
      }
      if (factor === 2 ** 28) throw damaged('a number is malformed');
    }
  }

  signed(): number {
    const value = this.unsigned();
    return (value >>> 1) ^ -(value & 1);
  }

  float(): number {
    if (this.#at + 8 > this.#end) throw cutOff();
    const value = this.#view.getFloat64(this.#at, true);
    this.#at += 8;
    return value;
  }

  text(): string {
    const width = this.byte() + 1;
    const length = this.unsigned();
    if (width > 2) throw damaged('a text is malformed');
    const start = this.#at;
    const end = start + length * width;
    if (end > this.#end) throw cutOff();
    this.#room.allocate(length * 2);
    this.#at = end;
    if (width === 1 && length <= pieceLength) return narrowText(this.#bytes, start, end);
    const pieces: string[] = [];
    for (let at = start; at < end; at += pieceLength) {
      const stop = Math.min(end, at + pieceLength);
      const piece = width === 1 ? narrowText : wideText;
      pieces.push(piece(this.#bytes, at, stop));
    }
    return pieces.join('');
  }
}

function narrowText(bytes: Uint8Array, start: number, end: number): string {
  switch (end - start) {
    case 1:
      return String.fromCharCode(bytes[start]!);
    case 2:
      return String.fromCharCode(bytes[start]!, bytes[start + 1]!);
    default:
      return textOf(bytes.subarray(start, end));
  }
}

function wideText(bytes: Uint8Array, start: number, end: number): string {
  const units = new Uint16Array((end - start) / 2);
  for (let i = 0; i < units.length; i++) {
    units[i] = bytes[start + 2 * i]! | (bytes[start + 2 * i + 1]! << 8);
  }
  return textOf(units);
}

function textOf(units: Uint8Array | Uint16Array): string {
  return String.fromCharCode.apply(null, units as unknown as number[]);
}

function cutOff() {
  return damaged('it is cut off');
}
