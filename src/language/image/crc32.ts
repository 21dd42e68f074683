// CRC-32 (IEEE 802.3): tells a damaged image from a whole one. No protection against anybody who means harm.

const table = Int32Array.from({ length: 256 }, (_, index) => {
  let remainder = index;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  }
  return remainder;
});

/** Of a range of bytes; `previous` is that of the bytes before. Unsigned. */
export function crc32(bytes: Uint8Array, start: number, end: number, previous = 0): number {
  let remainder = ~previous;
  for (let i = start; i < end; i++) {
    remainder = (remainder >>> 8) ^ table[(remainder ^ bytes[i]!) & 0xff]!;
  }
  return ~remainder >>> 0;
}
