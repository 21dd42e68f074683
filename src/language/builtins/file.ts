// Files of the session (SPEC 9.8): arguments are looked at first, then whether the session has files at all.
import type { FileStatus, Files } from '../host.ts';
import { display } from '../runtime/display.ts';
import { raise } from '../runtime/raised.ts';
import { shownPath } from '../shown-path.ts';
import { type Given, isMissing, textArgument } from './arguments.ts';
import { attempt } from './attempt.ts';
import type { Builtin, BuiltinContext, BuiltinError } from './builtin.ts';
import { hashAlgorithm } from './cryptography.ts';

export const file: readonly Builtin[] = [
  {
    name: 'read',
    aliases: ['read_file', '↯', '⌸.read'],
    parameters: ['path'],
    summary: 'The text of a file, which must be UTF-8.',
    example: 'write("a.txt", "one"); read("a.txt") // one',
    errors: fileErrors(
      'there is no file of that path, or its bytes are not UTF-8',
      'read("nothing.txt")',
      'read("../a.txt")',
    ),
    run: (context, path) => readText(context, textArgument('read', 1, path)),
  },
  {
    name: 'write',
    aliases: ['write_file', '✍', '↱', '⌸.write'],
    parameters: ['path', 'value', 'mode'],
    summary:
      'Makes a file of the display form of a value, or replaces its content; mode "a" appends.',
    example: 'write("a.txt", [1, 2]); read("a.txt") // [1, 2]',
    errors: [
      {
        type: 'RangeError',
        when: 'the mode is neither "a" nor "w"',
        example: 'write("a.txt", 1, "x")',
      },
      ...fileErrors(
        'the directory is missing, or the file cannot be written',
        'write("nothing/a.txt", 1)',
        'write("../a.txt", 1)',
      ),
    ],
    run: (context, path, value, mode) => {
      const target = textArgument('write', 1, path);
      const append = writeMode(mode) === 'a';
      return writeText(context, target, value, append ? 'append' : 'replace');
    },
  },
  {
    name: 'append',
    parameters: ['path', 'value'],
    summary:
      'Adds the display form of a value to the end of a file, which is made if it is missing.',
    example: 'append("a.txt", 1); append("a.txt", 2); read("a.txt") // 12',
    errors: fileErrors(
      'the directory is missing, or the file cannot be written',
      'append("nothing/a.txt", 1)',
      'append("../a.txt", 1)',
    ),
    run: (context, path, value) =>
      writeText(context, textArgument('append', 1, path), value, 'append'),
  },
  {
    name: 'exists',
    parameters: ['path'],
    summary: 'Whether there is a file or directory.',
    example: 'exists("nothing.txt") // false',
    errors: fileErrors(
      'the path is empty or malformed, or what it leads to cannot be looked at',
      'exists("")',
      'exists("../a.txt")',
    ),
    run: (context, path) => statusOf(context, textArgument('exists', 1, path)) !== null,
  },
  {
    name: 'isFile',
    parameters: ['path'],
    summary: 'Whether there is a file of that path.',
    example: 'write("a.txt", ""); isFile("a.txt") // true',
    errors: fileErrors(
      'the path is empty or malformed, or what it leads to cannot be looked at',
      'isFile("")',
      'isFile("../a.txt")',
    ),
    run: (context, path) => isFile(context, textArgument('isFile', 1, path)),
  },
  {
    name: 'isDir',
    aliases: ['is_dir'],
    parameters: ['path'],
    summary: 'Whether there is a directory of that path.',
    example: 'mkdir("d"); isDir("d") // true',
    errors: fileErrors(
      'the path is empty or malformed, or what it leads to cannot be looked at',
      'isDir("")',
      'isDir("../a.txt")',
    ),
    run: (context, path) => statusOf(context, textArgument('isDir', 1, path))?.kind === 'directory',
  },
  {
    name: 'fileSize',
    parameters: ['path'],
    summary: 'Size of a file in bytes.',
    example: 'write("a.txt", "é"); fileSize("a.txt") // 2',
    errors: fileErrors(
      'there is no file of that path',
      'fileSize("nothing.txt")',
      'fileSize("../a.txt")',
    ),
    run: (context, path) => {
      const name = textArgument('fileSize', 1, path);
      const { kind, bytes } = presentStatus(context, name);
      if (kind === 'file') return bytes;
      throw raise(
        'IOError',
        `${kind === 'directory' ? 'Is a directory' : 'Not a file'}: ${shownPath(name)}`,
      );
    },
  },
  {
    name: 'mtime',
    parameters: ['path'],
    summary: 'When a file or directory was last changed, in milliseconds since 1970.',
    example: 'write("a.txt", ""); mtime("a.txt") > 0 // true',
    errors: fileErrors(
      'there is nothing of that path',
      'mtime("nothing.txt")',
      'mtime("../a.txt")',
    ),
    run: (context, path) => presentStatus(context, textArgument('mtime', 1, path)).modifiedMs,
  },
  {
    name: 'hash_file',
    aliases: ['#f'],
    parameters: ['path', 'algorithm'],
    summary: 'Digest of the bytes of a file in hex: sha256, sha1, sha512 or md5.',
    example: 'write("a.txt", "abc"); hash_file("a.txt", "md5") // 900150983cd24fb0d6963f7d28e17f72',
    errors: [
      {
        type: 'RangeError',
        when: 'the algorithm is unknown',
        example: 'hash_file("a.txt", "crc")',
      },
      ...fileErrors(
        'there is no file of that path',
        'hash_file("nothing.txt")',
        'hash_file("../a.txt")',
      ),
    ],
    run: (context, path, algorithm) => {
      const name = textArgument('hash_file', 1, path);
      const chosen = hashAlgorithm('hash_file', 2, algorithm);
      const files = filesOf(context);
      return attempt(() => files.digest(name, chosen, context));
    },
  },
];

/** The errors of a function that works on files: what the file system refuses, and what the session does. */
export function fileErrors(
  when: string,
  refused: string,
  outside: string,
): readonly BuiltinError[] {
  return [
    { type: 'IOError', when, example: refused },
    {
      type: 'PermissionError',
      when: "the path leads out of the session's files, or it has none",
      example: outside,
    },
  ];
}

/** The session's files. PermissionError if it has none. */
export function filesOf(context: BuiltinContext): Files {
  const { files } = context.host;
  if (files !== null) return files;
  throw raise('PermissionError', 'File access is not permitted in this session');
}

export function readText(context: BuiltinContext, path: string): string {
  const files = filesOf(context);
  return attempt(() => files.read(path, context));
}

export function isFile(context: BuiltinContext, path: string): boolean {
  return statusOf(context, path)?.kind === 'file';
}

function writeText(
  context: BuiltinContext,
  path: string,
  value: Given,
  mode: 'replace' | 'append',
): true {
  const files = filesOf(context);
  const text = display(value ?? null, context);
  attempt(() => files.write(path, text, mode, context));
  return true;
}

function statusOf(context: BuiltinContext, path: string): FileStatus | null {
  const files = filesOf(context);
  return attempt(() => files.status(path));
}

function presentStatus(context: BuiltinContext, path: string): FileStatus {
  const status = statusOf(context, path);
  if (status === null) throw raise('IOError', `No such file or directory: ${shownPath(path)}`);
  return status;
}

function writeMode(given: Given): 'w' | 'a' {
  if (isMissing(given)) return 'w';
  const mode = textArgument('write', 3, given);
  if (mode === 'a' || mode === 'w') return mode;
  throw raise('RangeError', 'write: the mode must be "a" or "w"');
}
