// Directories, and what moves files between them (SPEC 9.8).
import type { Files } from '../host.ts';
import { textArgument } from './arguments.ts';
import { attempt } from './attempt.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';
import { fileErrors, filesOf } from './file.ts';

export const directory: readonly Builtin[] = [
  {
    name: 'readdir',
    aliases: ['read_dir', '📂'],
    parameters: ['path'],
    summary: 'The names in a directory, sorted.',
    example: 'mkdir("d/b"); write("d/a.txt", ""); readdir("d") // ["a.txt", "b"]',
    errors: fileErrors('there is no directory of that path', 'readdir("nothing")', 'readdir("..")'),
    run: (context, path) => {
      const name = textArgument('readdir', 1, path);
      const files = filesOf(context);
      const names = attempt(() => files.list(name, context));
      context.step(names.length * 16);
      return names.sort(byCodeUnits);
    },
  },
  {
    name: 'mkdir',
    aliases: ['make_dir'],
    parameters: ['path'],
    summary: 'Makes a directory with its parents; one that is there stays.',
    example: 'mkdir("a/b/c"); isDir("a/b") // true',
    errors: fileErrors('a file is in the way', 'write("a", 1); mkdir("a/b")', 'mkdir("../d")'),
    run: (context, path) =>
      change(context, [textArgument('mkdir', 1, path)], (files, name) =>
        files.makeDirectory(name, context),
      ),
  },
  {
    name: 'remove',
    aliases: ['✂'],
    parameters: ['path'],
    summary: 'Removes a file, or a directory with all that it contains.',
    example: 'write("a.txt", ""); remove("a.txt"); exists("a.txt") // false',
    errors: fileErrors(
      'there is nothing of that path, or it is the root',
      'remove("nothing.txt")',
      'remove("../a.txt")',
    ),
    run: (context, path) =>
      change(context, [textArgument('remove', 1, path)], (files, name) =>
        files.remove(name, context),
      ),
  },
  {
    name: 'copy',
    aliases: ['⧉'],
    parameters: ['source', 'target'],
    summary: 'Copies a file, and replaces one at the target.',
    example: 'write("a.txt", "one"); copy("a.txt", "b.txt"); read("b.txt") // one',
    errors: fileErrors(
      'the source is no file, or the target cannot be written',
      'copy("nothing.txt", "a.txt")',
      'copy("../a.txt", "a.txt")',
    ),
    run: (context, source, target) =>
      change(
        context,
        [textArgument('copy', 1, source), textArgument('copy', 2, target)],
        (files, from, to) => files.copy(from, to, context),
      ),
  },
  {
    name: 'move',
    aliases: ['↷'],
    parameters: ['source', 'target'],
    summary: 'Moves or renames a file, and replaces one at the target.',
    example: 'write("a.txt", "one"); move("a.txt", "b.txt"); readdir(".") // ["b.txt"]',
    errors: fileErrors(
      'the source is no file, or the target is a directory or in a missing one',
      'move("nothing.txt", "a.txt")',
      'move("../a.txt", "a.txt")',
    ),
    run: (context, source, target) =>
      change(
        context,
        [textArgument('move', 1, source), textArgument('move', 2, target)],
        (files, from, to) => files.move(from, to),
      ),
  },
];

function change<Paths extends string[]>(
  context: BuiltinContext,
  paths: [...Paths],
  work: (files: Files, ...paths: Paths) => void,
): true {
  const files = filesOf(context);
  attempt(() => work(files, ...paths));
  return true;
}

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
