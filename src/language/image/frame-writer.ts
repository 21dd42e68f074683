// Tokens → the frames of an image, handed out in chunks as they fill. A frame is `length, payload, checksum`; a reader sees
// no payload before its checksum, which also covers all frames before it.
import { Stopped } from '../runtime/raised.ts';
import { crc32 } from './crc32.ts';
import { frameBytes, magic } from './image-format.ts';

/** Longer texts leave the writer in pieces. */
const pieceLength = 16 * 1024;
/** What one token may take behind the end of a frame. */
const slackBytes = 64 * 1024;
const headBytes = 4;

export class FrameWriter {
  readonly #sink: (chunk: Uint8Array) => void;
  readonly #bytesMax: number;
  readonly #bytes = new Uint8Array(headBytes + frameBytes + slackBytes);
  readonly #view = new DataView(this.#bytes.buffer);
  #used = headBytes;
  #checksum = 0;
  #written = 0;

  /** Throws Stopped when the image gets longer than `bytesMax`. */
  constructor(sink: (chunk: Uint8Array) => void, bytesMax: number) {
    this.#sink = sink;
    this.#bytesMax = bytesMax;
    this.#emit(Uint8Array.from(magic));
  }

  byte(value: number): void {
    this.#bytes[this.#used++] = value;
  }

  /** Up to 32 bits, not negative. */
  unsigned(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.#used++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#used++] = rest;
  }

  /** 32 bits. */
  signed(value: number): void {
    this.unsigned(((value << 1) ^ (value >> 31)) >>> 0);
  }

  float(value: number): void {
    // The bits of a NaN are nobody's business, and V8 may change them.
    this.#view.setFloat64(this.#used, Number.isNaN(value) ? Number.NaN : value, true);
    this.#used += 8;
  }

  /** A text of at most `shortTextLengthMax` units. */
  shortText(text: string): void {
    const wide = isWide(text);
    this.#textHead(text.length, wide);
    this.#units(text, 0, text.length, wide);
  }

  /** A text of any length; the token ends with it. */
  text(text: string): void {
    const wide = isWide(text);
    this.#textHead(text.length, wide);
    if (text.length <= pieceLength) {
      this.#units(text, 0, text.length, wide);
      this.settle();
      return;
    }
    this.#begin(this.#used - headBytes + (wide ? text.length * 2 : text.length));
    for (let at = 0; at < text.length; at += pieceLength) {
      this.#piece();
      this.#units(text, at, Math.min(text.length, at + pieceLength), wide);
    }
    this.#finish();
  }

  /** Between two tokens: a frame may end here. */
  settle(): void {
    if (this.#used >= headBytes + frameBytes) this.#close();
  }

  /** Ends the image. */
  end(): void {
    if (this.#used > headBytes) this.#close();
    this.#close();
  }

  #close(): void {
    this.#begin(this.#used - headBytes);
    this.#finish();
  }

  #begin(payloadBytes: number): void {
    this.#view.setUint32(0, payloadBytes, true);
  }

  /** The rest of the payload, its checksum, and room for the next one's length. */
  #finish(): void {
    this.#checksum = crc32(this.#bytes, 0, this.#used, this.#checksum);
    this.#view.setUint32(this.#used, this.#checksum, true);
    this.#emit(this.#bytes.slice(0, this.#used + 4));
    this.#used = headBytes;
  }

  /** What there is of the payload. */
  #piece(): void {
    this.#checksum = crc32(this.#bytes, 0, this.#used, this.#checksum);
    this.#emit(this.#bytes.slice(0, this.#used));
    this.#used = 0;
  }

  /** Width apart from length: twice the length of the longest text would not fit. */
  #textHead(length: number, wide: boolean): void {
    this.byte(wide ? 1 : 0);
    this.unsigned(length);
  }

  #units(text: string, start: number, end: number, wide: boolean): void {
    const bytes = this.#bytes;
    let used = this.#used;
    for (let i = start; i < end; i++) {
      const unit = text.charCodeAt(i);
      bytes[used++] = unit;
      if (wide) bytes[used++] = unit >>> 8;
    }
    this.#used = used;
  }

  #emit(chunk: Uint8Array): void {
    this.#written += chunk.byteLength;
    if (this.#written > this.#bytesMax) {
      const message = `The heap image is longer than the ${this.#bytesMax} bytes it may have`;
      throw new Stopped({ type: 'ResourceLimitError', message });
    }
    this.#sink(chunk);
  }
}

function isWide(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0xff) return true;
  return false;
}
