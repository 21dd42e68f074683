// Hashes, encryption and base64 of texts (SPEC 9.9). The host computes; here arguments are checked and work is counted.
import { type HashAlgorithm, hashAlgorithms } from '../host.ts';
import { raise } from '../runtime/raised.ts';
import { type Given, isMissing, textArgument } from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

/** A unit is three bytes in UTF-8 at most, and those are four digits of base64. */
const encodedGrowth = 4;
/** Four digits of base64 are three units at most, of two bytes each. */
const decodedGrowth = 1.5;

export const cryptography: readonly Builtin[] = [
  {
    name: 'hash',
    aliases: ['#', '⚿.hash'],
    parameters: ['text', 'algorithm'],
    summary:
      'The hash of the UTF-8 bytes of a text, in hexadecimal digits; sha256 (the default), sha1, sha512 or md5.',
    example: 'hash("abc") // ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    errors: [
      { type: 'RangeError', when: 'the algorithm is unknown', example: 'hash("abc", "crc")' },
    ],
    run: (context, given, algorithm) => {
      const text = measured(context, 'hash', 1, given);
      return context.host.cryptography.hash(hashAlgorithm('hash', 2, algorithm), text);
    },
  },
  {
    name: 'encrypt',
    aliases: ['🔒', '⚿.encrypt'],
    parameters: ['text', 'key'],
    summary: 'The text encrypted and authenticated with AES-256-GCM under a key text, in base64.',
    example: 'decrypt(encrypt("secret", "key"), "key") // secret',
    run: (context, given, key) =>
      context.host.cryptography.encrypt(
        measured(context, 'encrypt', 1, given, encodedGrowth),
        measured(context, 'encrypt', 2, key),
      ),
  },
  {
    name: 'decrypt',
    aliases: ['🔑', '⚿.decrypt'],
    parameters: ['sealed', 'key'],
    summary:
      'The text that `encrypt` made unreadable; an Error where the key or the data is wrong.',
    example: 'try_call(() => decrypt("nonsense", "key"), e => e.message) // Decryption failed',
    errors: [
      {
        type: 'Error',
        when: 'the key is another one, or the data was not made by `encrypt` or is changed',
        example: 'decrypt(encrypt("secret", "key"), "other")',
      },
    ],
    run: (context, given, key) => {
      const sealed = measured(context, 'decrypt', 1, given, decodedGrowth);
      const text = context.host.cryptography.decrypt(sealed, measured(context, 'decrypt', 2, key));
      if (text === null) throw raise('Error', 'Decryption failed');
      return text;
    },
  },
  {
    name: 'uuid',
    parameters: [],
    summary: 'A new random UUID.',
    example: 'uuid().length // 36',
    run: (context) => context.host.cryptography.uuid(),
  },
  {
    name: 'base64',
    parameters: ['text'],
    summary: 'The UTF-8 bytes of a text in base64.',
    example: 'base64("é") // w6k=',
    run: (context, given) =>
      context.host.cryptography.encodeBase64(measured(context, 'base64', 1, given, encodedGrowth)),
  },
  {
    name: 'unbase64',
    parameters: ['encoded'],
    summary: 'The text whose UTF-8 bytes are given in base64; ParseError for anything else.',
    example: 'unbase64("w6k=") // é',
    errors: [
      { type: 'ParseError', when: 'the text is not the base64 of UTF-8', example: 'unbase64("?")' },
    ],
    run: (context, given) => {
      const encoded = measured(context, 'unbase64', 1, given, decodedGrowth);
      const text = context.host.cryptography.decodeBase64(encoded);
      if (text === null) throw raise('ParseError', 'unbase64: not the base64 of a text');
      return text;
    },
  },
];

/** The algorithm that an argument names; sha256 where there is none. RangeError for an unknown one. */
export function hashAlgorithm(name: string, position: number, given: Given): HashAlgorithm {
  const wanted = isMissing(given) ? 'sha256' : textArgument(name, position, given);
  const known = hashAlgorithms.find((algorithm) => algorithm === wanted);
  if (known !== undefined) return known;
  throw raise('RangeError', `${name}: the algorithm must be one of ${hashAlgorithms.join(', ')}`);
}

/** A text that the host works through as a whole; the answer takes at most `growth` bytes for each unit of it. */
function measured(
  context: BuiltinContext,
  name: string,
  position: number,
  given: Given,
  growth = 0,
): string {
  const text = textArgument(name, position, given);
  context.allocate(text.length * growth);
  context.step(text.length >> 3);
  return text;
}
