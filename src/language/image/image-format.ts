// The bytes of a heap image. docs/heap-image.md describes them; nothing but these files knows them.

/** Raised with every change that older engines would misread. */
export const imageVersion = 1;

/** `CELLARHI` */
export const magic: readonly number[] = [0x43, 0x45, 0x4c, 0x4c, 0x41, 0x52, 0x48, 0x49];

/** A frame is closed at the first token that ends beyond; only a long text makes it much longer. */
export const frameBytes = 64 * 1024;

/** First byte of a value. From 128 on it is a whole number by itself: 0 to 127. */
export const tag = {
  null: 0,
  false: 1,
  true: 2,
  /** Whole numbers of 32 bits. */
  integer: 3,
  float: 4,
  /** Short texts and the lists of keys are referred to by their place in tables that are emptied when they are full. */
  shortText: 5,
  shortTextAgain: 6,
  longText: 7,
  longTextAgain: 8,
  builtin: 9,
  builtinAgain: 10,
  /** A node that was mentioned before. */
  node: 11,
  array: 12,
  /** Few keys, taken from the table of key lists. */
  object: 13,
  /** Empty, or many keys. */
  dictionary: 14,
  undecided: 15,
  function: 16,
  boundMethod: 17,
  regex: 18,
  error: 19,
  date: 20,
  module: 21,
  channel: 22,
  shared: 23,
  environment: 24,
  /** Source of functions. */
  unit: 25,
  /** In environments only: a variable without a value. */
  nothing: 26,
  response: 27,
} as const;

export const firstSmallInteger = 128;

/** Longer arrays, and empty ones, say in their records how long they are. */
export const shortArrayLengthMax = 16;

/** UTF-16 units of the texts that the table of short ones takes. */
export const shortTextLengthMax = 64;
export const shortTextsMax = 64 * 1024;
export const shapeKeysMax = 64;
export const shapesMax = 4096;
