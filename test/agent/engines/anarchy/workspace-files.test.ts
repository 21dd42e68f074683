import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Files, HostFailure, type Meter } from '#language';
import { WorkspaceFiles } from '../../../../src/agent/engines/anarchy/workspace-files.ts';
import { TemporaryWorkspace } from '../../../helpers/temporary-workspace.ts';

const secret = 'not for programs';
const mebibyte = 1024 * 1024;

class CountingMeter implements Meter {
  steps = 0;
  readonly #stepsMax: number;
  readonly #bytesMax: number;

  constructor({ stepsMax = Number.POSITIVE_INFINITY, bytesMax = 64 * mebibyte } = {}) {
    this.#stepsMax = stepsMax;
    this.#bytesMax = bytesMax;
  }

  step(steps: number): void {
    this.steps += steps;
    if (this.steps > this.#stepsMax) throw new Error('stopped');
  }

  allocate(bytes: number): void {
    if (bytes > this.#bytesMax) throw new Error('too large');
  }
}

const meter = new CountingMeter();
let workspace: TemporaryWorkspace;
let files: Files;

beforeEach(() => {
  workspace = new TemporaryWorkspace(new Map([['d/a.txt', 'one']]));
  files = workspace.files;
  writeFileSync(workspace.outside('secret.txt'), secret);
  mkdirSync(workspace.outside('secrets'));
  writeFileSync(workspace.outside('secrets/inner.txt'), secret);
});

afterEach(() => workspace[Symbol.dispose]());

/** Everything that takes a path, by name. */
const operations: readonly [string, (path: string) => unknown][] = [
  ['read', (path) => files.read(path, meter)],
  ['write', (path) => files.write(path, 'x', 'replace', meter)],
  ['append', (path) => files.write(path, 'x', 'append', meter)],
  ['status', (path) => files.status(path)],
  ['list', (path) => files.list(path, meter)],
  ['makeDirectory', (path) => files.makeDirectory(path, meter)],
  ['remove', (path) => files.remove(path, meter)],
  ['copy from', (path) => files.copy(path, 'copy.txt', meter)],
  ['copy to', (path) => files.copy('d/a.txt', path, meter)],
  ['move from', (path) => files.move(path, 'moved.txt')],
  ['move to', (path) => files.move('d/a.txt', path)],
  ['digest', (path) => files.digest(path, 'sha256', meter)],
];

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof HostFailure) return `${error.type} ${error.message}`;
    throw error;
  }
  return 'no failure';
}

const leaving = (path: string) =>
  `PermissionError Path leads out of the session's files: '${path}'`;

/** What is outside is as it was made. */
function expectOutsideUntouched(): void {
  expect(readFileSync(workspace.outside('secret.txt'), 'utf8')).toBe(secret);
  expect(readFileSync(workspace.outside('secrets/inner.txt'), 'utf8')).toBe(secret);
  expect(readdirSync(workspace.outside('secrets'))).toEqual(['inner.txt']);
  expect(readdirSync(workspace.outside('.')).sort()).toEqual(['root', 'secret.txt', 'secrets']);
}

describe('a path that leads outside', () => {
  const paths = [
    '/etc/passwd',
    '/',
    '..',
    '../secret.txt',
    '../secrets',
    'd/../../secret.txt',
    './/../secret.txt',
    'd/./../..//secret.txt',
    'nothing/../../secret.txt',
  ];

  it.each(operations)('is refused by %s in every form', (_name, operate) => {
    for (const path of paths) expect(failure(() => operate(path))).toBe(leaving(path));
    expectOutsideUntouched();
  });

  it('is refused although it names the workspace itself', () => {
    const path = join(workspace.root, 'd/a.txt');
    expect(failure(() => files.read(path, meter))).toBe(leaving(path));
  });
});

describe('a symbolic link that leads outside', () => {
  const links: readonly [string, () => string][] = [
    ['to a file', () => workspace.outside('secret.txt')],
    ['to a directory', () => workspace.outside('secrets')],
    ['relative', () => '../secret.txt'],
    ['to the root of the machine', () => '/'],
    ['through another link', () => 'second'],
    ['to a neighbour whose name begins alike', () => `${workspace.root}-evil`],
  ];

  beforeEach(() => symlinkSync('../secret.txt', join(workspace.root, 'second')));

  const following = operations.filter(([name]) => !/^(remove|move)/.test(name));

  it.each(links)('%s is never followed', (_what, target) => {
    const place = target();
    if (place.endsWith('-evil')) writeFileSync(place, secret);
    symlinkSync(place, join(workspace.root, 'link'));
    for (const [name, operate] of following) {
      expect([name, failure(() => operate('link'))]).toEqual([name, leaving('link')]);
    }
    if (place.endsWith('-evil')) {
      expect(readFileSync(place, 'utf8')).toBe(secret);
      return;
    }
    expectOutsideUntouched();
  });

  it.each(operations)('is not followed on the way by %s', (_name, operate) => {
    symlinkSync('../secrets', join(workspace.root, 'way'));
    for (const path of ['way/inner.txt', 'way/new.txt', 'way/deeper/new.txt', './d/../way/x']) {
      expect(failure(() => operate(path))).toBe(leaving(path));
    }
    expectOutsideUntouched();
  });

  it('can be removed, moved and replaced, which leaves its target alone', () => {
    const link = (name: string) => symlinkSync('../secrets', join(workspace.root, name));
    link('a');
    files.remove('a', meter);
    link('b');
    files.move('b', 'c');
    files.move('d/a.txt', 'c');
    expect(files.read('c', meter)).toBe('one');
    link('d/e');
    files.remove('d', meter);
    expect(files.list('.', meter).sort()).toEqual(['c', 'second']);
    expectOutsideUntouched();
  });

  it('makes nothing where nothing was', () => {
    symlinkSync(workspace.outside('made.txt'), join(workspace.root, 'link'));
    expect(files.status('link')).toBeNull();
    expect(failure(() => files.write('link', 'x', 'replace', meter))).toBe(
      "IOError No such file or directory: 'link'",
    );
    expect(failure(() => files.copy('d/a.txt', 'link', meter))).toBe(
      "IOError No such file or directory: 'link'",
    );
    expectOutsideUntouched();
  });
});

describe('a symbolic link that stays inside', () => {
  it('is followed', () => {
    symlinkSync('d', join(workspace.root, 'way'));
    symlinkSync(join(realpathSync(workspace.root), 'd/a.txt'), join(workspace.root, 'link'));
    expect(files.read('way/a.txt', meter)).toBe('one');
    files.write('link', 'two', 'replace', meter);
    expect(files.read('d/a.txt', meter)).toBe('two');
    files.makeDirectory('way/deep/er', meter);
    expect(files.list('d', meter).sort()).toEqual(['a.txt', 'deep']);
    files.copy('link', 'd/a.txt', meter);
    expect(files.read('d/a.txt', meter)).toBe('two');
  });

  it('is refused where it leads to itself', () => {
    symlinkSync('loop', join(workspace.root, 'loop'));
    expect(failure(() => files.read('loop', meter))).toBe("IOError Too many links: 'loop'");
    files.remove('loop', meter);
  });

  it('serves a workspace that is reached through one', () => {
    symlinkSync(workspace.root, workspace.outside('alias'));
    expect(new WorkspaceFiles(workspace.outside('alias')).read('d/a.txt', meter)).toBe('one');
  });
});

describe('what is no file', () => {
  it('is neither read nor written, and nobody waits for it', async () => {
    execFileSync('mkfifo', [join(workspace.root, 'pipe')]);
    const server = createServer().listen(join(workspace.root, 'socket'));
    await once(server, 'listening');
    for (const path of ['pipe', 'socket']) {
      for (const [name, operate] of operations) {
        if (/^(status|remove|list|makeDirectory|move to)/.test(name)) continue;
        expect([name, failure(() => operate(path))]).toEqual([
          name,
          `IOError Not a file: '${path}'`,
        ]);
      }
      expect(files.status(path)?.kind).toBe('other');
    }
    server.close();
    files.remove('pipe', meter);
  });

  it('is not removed with what is outside by a hard link', () => {
    linkSync(workspace.outside('secret.txt'), join(workspace.root, 'hard'));
    files.remove('hard', meter);
    expectOutsideUntouched();
  });
});

describe('a failure', () => {
  const where = () => join(workspace.root, 'd');

  it.each([
    ['of a missing file', () => files.read('no.txt', meter), "No such file or directory: 'no.txt'"],
    [
      'of a missing directory',
      () => files.write('no/a.txt', '', 'replace', meter),
      "No such file or directory: 'no/a.txt'",
    ],
    ['of a directory read as a file', () => files.read('d', meter), "Is a directory: 'd'"],
    [
      'of a directory written as a file',
      () => files.write('d', '', 'replace', meter),
      "Is a directory: 'd'",
    ],
    ['of a file as a directory', () => files.list('d/a.txt', meter), "Not a directory: 'd/a.txt'"],
    ['of a file on the way', () => files.read('d/a.txt/b', meter), "Not a directory: 'd/a.txt/b'"],
    [
      'of a directory where a file is',
      () => files.makeDirectory('d/a.txt/b', meter),
      "Not a directory: 'd/a.txt/b'",
    ],
    [
      'of a name too long',
      () => files.write('n'.repeat(300), '', 'replace', meter),
      `Name too long: '${'n'.repeat(200)}…'`,
    ],
    [
      'of a path too long',
      () => files.status('n/'.repeat(3000)),
      `Name too long: '${'n/'.repeat(100)}…'`,
    ],
    ['of a path that is empty', () => files.read('', meter), 'The path is empty'],
    ['of a path with a NUL', () => files.read('a\0b', meter), "Not a path: 'a\0b'"],
    ['of a path with half a character', () => files.read('\ud800', meter), "Not a path: '\ud800'"],
    [
      'of removing what is not there',
      () => files.remove('no', meter),
      "No such file or directory: 'no'",
    ],
    ['of removing everything', () => files.remove('d/..', meter), "In use: 'd/..'"],
    ['of copying a directory', () => files.copy('d', 'e', meter), "Is a directory: 'd'"],
    ['of copying to a directory', () => files.copy('d/a.txt', 'd', meter), "Is a directory: 'd'"],
    ['of moving a directory', () => files.move('d', 'e'), "Is a directory: 'd'"],
    ['of moving to a directory', () => files.move('d/a.txt', 'd'), "Is a directory: 'd'"],
    [
      'of moving to nowhere',
      () => files.move('d/a.txt', 'no/b'),
      "No such file or directory: 'no/b'",
    ],
  ])('%s names the path as the program wrote it', (_what, work, message) => {
    expect(failure(work)).toBe(`IOError ${message}`);
  });

  // Who may do everything is denied nothing.
  it.skipIf(process.getuid?.() === 0)('says that access is denied where it is', () => {
    chmodSync(where(), 0o500);
    expect(failure(() => files.write('d/b', '', 'replace', meter))).toBe(
      "IOError Access denied: 'd/b'",
    );
    chmodSync(where(), 0o700);
  });

  it('says that bytes are no text, also where they end in the middle of a character', () => {
    for (const bytes of [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80]]) {
      writeFileSync(join(workspace.root, 'bytes'), Buffer.from(bytes));
      expect(failure(() => files.read('bytes', meter))).toBe("IOError Not UTF-8 text: 'bytes'");
    }
  });

  it('says that there are no files where there is no workspace', () => {
    const none = new WorkspaceFiles(workspace.outside('nowhere'));
    expect(failure(() => none.read('a', meter))).toBe("IOError No such file or directory: 'a'");
    expect(failure(() => none.write('a', '', 'replace', meter))).toContain('IOError');
    expectOutsideUntouched();
  });
});

describe('text', () => {
  it('comes back as it was written, wherever it is cut', () => {
    for (const text of ['', '\ufeffmark', 'é'.repeat(70_000), `a${'😀'.repeat(40_000)}`]) {
      files.write('t', text, 'replace', meter);
      expect(files.read('t', meter) === text).toBe(true);
    }
    files.write('t', '!', 'append', meter);
    expect(files.read('t', meter).slice(-3)).toBe('😀!');
  });

  it('loses half characters', () => {
    files.write('t', 'a\ud800b', 'replace', meter);
    expect(files.read('t', meter)).toBe('a\ufffdb');
  });

  it('is not read where it has no room, however small the file', () => {
    files.write('t', 'x'.repeat(1000), 'replace', meter);
    const small = new CountingMeter({ bytesMax: 1999 });
    expect(() => files.read('t', small)).toThrow('too large');
    expect(files.read('t', new CountingMeter({ bytesMax: 2000 }))).toHaveLength(1000);
  });

  it('needs room for its characters, not for its bytes', () => {
    files.write('t', '語'.repeat(1000), 'replace', meter);
    expect(files.read('t', new CountingMeter({ bytesMax: 2000 }))).toHaveLength(1000);
  });
});

describe('long work', () => {
  const large = 'x'.repeat(2 * mebibyte);

  it.each([
    ['read', (counting: Meter) => files.read('large', counting)],
    ['write', (counting: Meter) => files.write('other', large, 'replace', counting)],
    ['copy', (counting: Meter) => files.copy('large', 'other', counting)],
    ['digest', (counting: Meter) => files.digest('large', 'md5', counting)],
  ])('of %s is counted by the size, and can be stopped', (_name, work) => {
    files.write('large', large, 'replace', meter);
    const counting = new CountingMeter();
    work(counting);
    expect(counting.steps).toBeGreaterThan(20_000);
    expect(() => work(new CountingMeter({ stepsMax: 5000 }))).toThrow('stopped');
  });

  it('of many entries is counted too', () => {
    for (let i = 0; i < 200; i++) files.write(`d/${i}`, '', 'replace', meter);
    for (const work of [
      (counting: Meter) => files.list('d', counting),
      (counting: Meter) => files.makeDirectory('m/'.repeat(200), counting),
      (counting: Meter) => files.remove('d', counting),
    ]) {
      const counting = new CountingMeter();
      expect(() => work(new CountingMeter({ stepsMax: 1000 }))).toThrow('stopped');
      work(counting);
      expect(counting.steps).toBeGreaterThanOrEqual(200);
    }
    expect(files.status('d')).toBeNull();
  });

  it('leaves no file open', () => {
    files.write('large', large, 'replace', meter);
    const open = () => readdirSync('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 20; i++) {
      expect(() => files.read('large', new CountingMeter({ stepsMax: 5000 }))).toThrow('stopped');
      expect(() => files.list('.', new CountingMeter({ bytesMax: 1 }))).toThrow('too large');
      expect(failure(() => files.copy('large', 'd', meter))).toContain('Is a directory');
    }
    expect(open()).toBeLessThanOrEqual(before + 2);
  });

  it('does not list more names than have room', () => {
    for (let i = 0; i < 50; i++) files.write(`name-${i}`, '', 'replace', meter);
    expect(() => files.list('.', new CountingMeter({ bytesMax: 500 }))).toThrow('too large');
  });
});

describe('files and directories', () => {
  it('are told apart, with size and time', () => {
    expect(files.status('d')).toMatchObject({ kind: 'directory' });
    expect(files.status('d/a.txt')).toMatchObject({ kind: 'file', bytes: 3 });
    expect(Number.isInteger(files.status('d/a.txt')!.modifiedMs)).toBe(true);
    expect(files.status('d/b')).toBeNull();
    expect(files.status('d/a.txt/b')).toBeNull();
  });

  it('are removed with all that is below', () => {
    files.makeDirectory('x/y/z', meter);
    files.write('x/y/z/a', '1', 'replace', meter);
    files.write('x/y/b', '2', 'replace', meter);
    files.remove('x', meter);
    expect(files.list('.', meter)).toEqual(['d']);
  });

  it('take the place of what was there when copied and moved', () => {
    files.write('long.txt', 'a long text', 'replace', meter);
    files.copy('d/a.txt', 'long.txt', meter);
    expect(files.read('long.txt', meter)).toBe('one');
    files.write('long.txt', 'another', 'replace', meter);
    files.move('long.txt', 'd/a.txt');
    expect(files.read('d/a.txt', meter)).toBe('another');
    expect(files.status('long.txt')).toBeNull();
  });

  it('survive being copied and moved onto themselves', () => {
    files.copy('d/a.txt', './d/../d/a.txt', meter);
    files.move('d/a.txt', 'd/a.txt');
    linkSync(join(workspace.root, 'd/a.txt'), join(workspace.root, 'same'));
    files.copy('d/a.txt', 'same', meter);
    expect(files.read('d/a.txt', meter)).toBe('one');
  });

  it('have the digests that everybody gets', () => {
    files.write('abc', 'abc', 'replace', meter);
    expect(files.digest('abc', 'sha1', meter)).toBe('a9993e364706816aba3e25717850c26c9cd0d89d');
    expect(files.digest('abc', 'sha256', meter)).toMatch(/^ba7816bf8f01cfea/);
    expect(files.digest('abc', 'sha512', meter)).toMatch(/^ddaf35a193617aba/);
    expect(files.digest('abc', 'md5', meter)).toBe('900150983cd24fb0d6963f7d28e17f72');
  });
});
