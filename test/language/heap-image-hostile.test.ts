// Images that nobody saved: damaged on the way, or made up by somebody who means harm. They are refused with a reason, or they are a
// session like any other; the session that was there is never touched.
import { describe, expect, it } from 'vitest';
import { createInterpreter, type ImageFailure } from '#language';
import { imageVersion, magic, tag } from '../../src/language/image/image-format.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { imageOf, loadInto, payloadOf, sealed } from '../helpers/heap-images.ts';
import { newSession } from '../helpers/run-program.ts';

/** Of each kind of random damage; a longer run only takes longer. */
const rounds = 200;

const program = `mk(){ c = 0; return {inc: () => { c = c + 1; return c }, get: () => c} }
  p = mk(); p.inc(); list = [1, 2.5, "text", p, null, true]; list.push(list); u = ∅; text = "long ".repeat(50)
  λbox v"1.0" { n = 1; ⊢ ƒbump(){ n = n + 1; return n } } o = {a: 1, b: {c: list}}; m = list.push; f = Math.floor
  own = Math; const K = 3; try { null.x } catch (e) { err = e; again = () => ⚠ }
  for (let i = 0; i < 3; i++) { list.push(() => i) } remember("o", o); dict_set("hi", "Hi")`;

function programImage(): Uint8Array {
  const session = newSession();
  session.value(program);
  return imageOf(session.interpreter);
}

/** Loads into a session with a variable, which is there as before if the image is refused. */
function refusal(image: Uint8Array): ImageFailure | null {
  const session = newSession();
  session.value('before = [1]; keep() = before');
  const failure = loadInto(session.interpreter, image);
  if (failure !== null) expect(session.value('keep()[0]')).toBe(1);
  return failure;
}

describe('a damaged image', () => {
  const image = programImage();

  it('is refused whichever bit of it is wrong', () => {
    const { interpreter } = newSession();
    const accepted: number[] = [];
    for (let bit = 0; bit < image.byteLength * 8; bit++) {
      const damaged = image.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      const failure = loadInto(interpreter, damaged);
      if (failure === null || failure.type === 'InternalError') accepted.push(bit);
    }
    expect(accepted).toEqual([]);
  });

  it('is refused wherever it is cut off', () => {
    const { interpreter } = newSession();
    for (let length = 0; length < image.byteLength; length++) {
      const failure = loadInto(interpreter, image.subarray(0, length));
      expect(failure?.type, `${length} bytes`).toBe('ImageError');
    }
  });

  it('is refused when something follows it', () => {
    expect(refusal(Buffer.concat([image, Buffer.of(0)]))?.type).toBe('ImageError');
    expect(refusal(Buffer.concat([image, image]))?.type).toBe('ImageError');
  });

  it('is refused when frames are missing, swapped or repeated', () => {
    const session = newSession();
    session.value('a = []; for (i = 0; i < 200000; i++) { a.push(i) }');
    const frames = framesOf(imageOf(session.interpreter));
    expect(frames.length).toBeGreaterThan(4);
    const [head, first, second, ...rest] = frames as [Buffer, Buffer, Buffer, ...Buffer[]];
    expect(refusal(Buffer.concat([head, first, second, ...rest]))).toBe(null);
    for (const order of [
      [head, second, first, ...rest],
      [head, first, ...rest],
      [head, first, second, second, ...rest],
    ]) {
      expect(refusal(Buffer.concat(order))).toMatchObject({ type: 'ImageError' });
    }
  });

  it('is refused when it is no image at all', () => {
    expect(refusal(new Uint8Array(0))?.type).toBe('ImageError');
    expect(refusal(Buffer.from('PK\u0003\u0004 and so on'))).toEqual({
      type: 'ImageError',
      message: 'This is no heap image',
    });
  });
});

describe('an image that somebody made up', () => {
  const payload = payloadOf(programImage());

  it('is taken as it is when only its frames differ', () => {
    expect(refusal(sealed(payload))).toBe(null);
  });

  it('of another version is refused', () => {
    const other = payload.slice();
    other[0] = imageVersion + 1;
    expect(refusal(sealed(other))?.message).toContain('of version 2, not 1');
  });

  it('never makes more than a session, whatever single bytes of it are', () => {
    const random = generator(7);
    for (let round = 0; round < rounds; round++) {
      const hostile = payload.slice();
      for (let n = random(3); n >= 0; n--) hostile[1 + random(hostile.length - 1)] = random(256);
      expectHarmless(sealed(hostile), `round ${round}`);
    }
  });

  it('never makes more than a session, whatever is left out, doubled or moved', () => {
    const random = generator(8);
    for (let round = 0; round < rounds; round++) {
      const from = 1 + random(payload.length - 1);
      const part = payload.subarray(from, from + 1 + random(40));
      const at = 1 + random(payload.length - 1);
      const cut = at + random(20);
      const hostile = Buffer.concat([payload.subarray(0, at), part, payload.subarray(cut)]);
      expectHarmless(sealed(hostile), `round ${round}`);
    }
  });

  it.each<[string, number[]]>([
    ['a frame that claims four gigabytes', [0xff, 0xff, 0xff, 0xff]],
    ['a frame that claims as much as is allowed', [0xff, 0xff, 0xff, 0x0f]],
  ])('with %s takes no room for it', (_, length) => {
    expect(refusal(Uint8Array.from([...magic, ...length, 1, 2, 3]))).not.toBe(null);
  });

  it.each<[string, number[], string]>([
    ['nothing', [], 'cut off'],
    ['a value that is no session', [tag.null], 'malformed'],
    ['an unknown kind', [99], 'no kind'],
    ['a node that is not there', [tag.node, 5], 'not there'],
    ['a text that is not there', [tag.shortTextAgain, 0], 'not there'],
    ['a number of too many bytes', [tag.integer, 0xff, 0xff, 0xff, 0xff, 0xff, 1], 'a number'],
    ['a number in a longer form', [tag.integer, 0x80, 0], 'a number'],
    ['a text of a length that is not there', [tag.longText, 0, 0xff, 0xff, 0xff, 0x7f], 'cut off'],
    ['a text of no width', [tag.shortText, 7, 0], 'malformed'],
    ['an array of elements that are not there', [tag.array, 0, 0xff, 0xff, 0xff, 0x7f], 'cut off'],
    ['an environment where a value belongs', [tag.environment, 2], 'a value is none'],
    ['an array that holds an environment', [tag.array, 1, tag.environment, 0], 'a value is none'],
    ['an environment that is too wide', [tag.array, 1, tag.environment, 200], 'malformed'],
    ['a variable without value as a value', [tag.array, 1, tag.nothing], 'no kind'],
    ['an object with a key twice', [tag.object, 0, 2, 0, 1, 97, 0, 1, 97], 'a key twice'],
    ['an object without keys that says it has some', [tag.object, 0, 0], 'malformed'],
    ['a dictionary with a key twice', [tag.dictionary, 2, 5, 0, 1, 97, 0, 6, 0, 0], 'a key twice'],
    ['a date that is none', [tag.date, tag.float, 0, 0, 0, 0, 0, 0, 0xf8, 0x7f], 'a date'],
    ['a channel without capacity', [tag.channel, 128], 'no capacity'],
    ['an overfull channel', [tag.channel, 129, 2, 0, 0], 'overfull'],
    ['a method that is none', [tag.boundMethod, 0, 0], 'no built-in'],
    ['an unknown built-in', [tag.builtin, 0, 2, 110, 111], 'no built-in no'],
    ['an undecided collection that is decided otherwise', [tag.undecided, tag.true], 'neither'],
    ['a value behind the last one', [tag.array, 0, 0, tag.null], 'follows'],
    ['a unit that does not compile', [tag.function, ...functionOf(')', 0)], 'compile'],
    ['a unit that is laid out otherwise', [tag.function, ...functionOf('1', 5)], 'version'],
    ['a unit where a value belongs', [tag.array, 1, tag.unit], 'a value is none'],
    ['a function whose unit is none', [tag.function, tag.array, 0], 'a unit is none'],
    ['a pattern that is none', [tag.regex, 5, 0, 1, 40, 5, 0, 0, 128], 'a pattern'],
    ['an unknown flag', [tag.regex, 5, 0, 1, 97, 5, 0, 1, 113, 128], 'unknown flags'],
    [
      'a bound method of itself',
      [tag.array, 1, tag.boundMethod, tag.node, 1, tag.builtin, 0, 5, ...bytesOf('print')],
      'made of itself',
    ],
    [
      'errors that carry one another',
      [tag.array, 2, tag.error, tag.error, ...errorWith(2), ...errorWith(1)],
      'made of itself',
    ],
  ])('with %s is refused', (_, bytes, message) => {
    const failure = refusal(sealed(Uint8Array.from([imageVersion, ...bytes])));
    expect(failure).toMatchObject({ type: 'ImageError' });
    expect(failure?.message).toContain(message);
  });

  it('cannot give a function an environment that is too narrow for it', () => {
    const bytes = payloadAfter(
      'one() = { a = 1; return () => a } two() = { b = 1; c = 2; return () => b + c } x = one(); y = two()',
    );
    // The index of each function stands before its environment.
    const narrow = indexOf(bytes, [tag.environment, 1]) - 1;
    const wide = indexOf(bytes, [tag.environment, 2]) - 1;
    expect(Math.min(narrow, wide)).toBeGreaterThan(0);
    const exchanged = bytes.slice();
    exchanged[narrow] = bytes[wide]!;
    exchanged[wide] = bytes[narrow]!;
    expect(refusal(sealed(exchanged))?.message).toContain('the wrong environment');
  });

  it('cannot give a function the environment of another scope', () => {
    const bytes = payloadAfter(
      'one() = { a = 1; return [() => a, () => a] } two() = { b = 1; return () => b } x = one(); y = two()',
    );
    // A function whose unit and environment were there before: their numbers, its index between them, and no `this`.
    const at = bytes.findIndex((byte, i) => {
      const [, , index, node, , self] = bytes.subarray(i, i + 6);
      return byte === tag.node && index! >= 128 && node === tag.node && self === tag.null;
    });
    const refusals = [0, 1, 2, 3, 4].map((index) => {
      const other = bytes.slice();
      other[at + 2] = 128 + index;
      return refusal(sealed(other))?.message ?? 'loaded';
    });
    // Itself and its neighbour over the same variable; not the third arrow, nor the functions that have no environment.
    expect(refusals.filter((message) => message === 'loaded').length).toBe(2);
    expect(refusals.filter((message) => message.includes('the wrong environment')).length).toBe(3);
  });

  it.each(['p', 's7', 'toString'])('cannot show %s as a member of a module', (slot) => {
    const bytes = payloadAfter('λbox{ member = 1 }');
    const at = indexOf(bytes, [tag.shortText, 0, 2, ...bytesOf('s0')]);
    expect(at).toBeGreaterThan(0);
    const hostile = Buffer.concat([
      bytes.subarray(0, at),
      Buffer.of(tag.shortText, 0, slot.length, ...bytesOf(slot)),
      bytes.subarray(at + 5),
    ]);
    expect(refusal(sealed(hostile))?.message).toContain('a member that is nowhere');
  });

  it('asks for room before it makes a text that is larger than a value may be', () => {
    const session = newSession();
    session.value('x = "a".repeat(100000)');
    const host = new RecordingHost();
    host.valueBytesMax = 50_000;
    const failure = loadInto(createInterpreter(host), imageOf(session.interpreter));
    expect(failure?.type).toBe('ResourceLimitError');
  });

  it('is stopped by the host while it makes more and more', () => {
    const host = new RecordingHost();
    host.stopAtPoll = 5;
    host.reason = { type: 'ResourceLimitError', message: 'Memory limit of 1 MB exceeded' };
    const arrays = new Uint8Array(1_000_000).fill(tag.array);
    const image = sealed(
      Buffer.concat([Buffer.of(imageVersion, tag.array, 0, 0xff, 0xff, 0x3f), arrays]),
    );
    expect(loadInto(createInterpreter(host), image)).toEqual(host.reason);
  });
});

function bytesOf(text: string): number[] {
  return [...Buffer.from(text, 'latin1')];
}

/** The record of a function without environment, and that of its unit. */
function functionOf(source: string, functionCount: number): number[] {
  const unit = [tag.shortText, 0, source.length, ...bytesOf(source), 128 + functionCount, 128];
  return [tag.unit, 128, tag.null, tag.null, ...unit, tag.array, 0, tag.array, 0, tag.null, 0, 0];
}

/** The record of an error that carries a node. */
function errorWith(node: number): number[] {
  return [tag.shortText, 0, 1, 69, tag.shortText, 0, 1, 109, tag.node, node, 0];
}

/** Refused, or a session in which everything can be looked at, called and saved. */
function expectHarmless(image: Uint8Array, what: string): void {
  const host = new RecordingHost();
  const session = createInterpreter(host);
  const failure = loadInto(session, image);
  if (failure !== null) {
    expect(failure.type, what).not.toBe('InternalError');
    return;
  }
  host.polls = 0;
  host.stopAtPoll = 50;
  const names = session.variables({ includeValues: true }).map(({ name }) => name);
  for (const name of names) {
    session.inspect(name, [], 6);
    if (!/^[a-z]+$/.test(name)) continue;
    for (const code of use.map((text) => text.replaceAll('NAME', name))) {
      host.polls = 0;
      const { error } = session.execute(code);
      expect(error?.type, `${what}: ${code}`).not.toBe('InternalError');
    }
  }
  expect(imageOf(session).byteLength, what).toBeGreaterThan(0);
}

const use = [
  'NAME',
  '"" + NAME',
  'NAME == NAME',
  'copyof(NAME)',
  'NAME()',
  'NAME.inc()',
  'NAME.bump()',
  'NAME.message + NAME.stack',
  'NAME.push(1)',
  'for (part of NAME) { typeof part; try_call(part, e => e) }',
  'to_json(NAME)',
  'NAME = 1',
];

function framesOf(image: Uint8Array): Buffer[] {
  const view = new DataView(image.buffer, image.byteOffset);
  const frames = [Buffer.from(image.subarray(0, magic.length))];
  for (let at = magic.length; at < image.byteLength; ) {
    const end = at + view.getUint32(at, true) + 8;
    frames.push(Buffer.from(image.subarray(at, end)));
    at = end;
  }
  return frames;
}

function indexOf(bytes: Uint8Array, part: readonly number[], from = 0): number {
  return Buffer.from(bytes).indexOf(Buffer.from(part), from);
}

function payloadAfter(code: string): Uint8Array {
  const session = newSession();
  session.value(code);
  return payloadOf(imageOf(session.interpreter));
}

/** Numbers below a bound, the same every time. */
function generator(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}
