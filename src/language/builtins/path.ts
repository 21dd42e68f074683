// Paths as text (SPEC 9.8): nothing here looks at a file, so it works in every session.
import { raise } from '../runtime/raised.ts';
import { textArgument } from './arguments.ts';
import type { Builtin, BuiltinContext } from './builtin.ts';

export const path: readonly Builtin[] = [
  {
    name: 'join_path',
    parameters: ['...parts'],
    summary:
      'Joins parts with "/" and takes out what "." , ".." and doubled slashes make superfluous.',
    example: 'join_path("a", "b/../c", "d.txt") // a/c/d.txt',
    run: (context, ...parts) => {
      const texts = parts.map((part, i) => textArgument('join_path', i + 1, part));
      const given = texts.filter((text) => text !== '');
      context.allocate(given.reduce((sum, text) => sum + text.length + 1, 0) * 2);
      return normalised(context, given.join('/'));
    },
  },
  {
    name: 'dir_name',
    parameters: ['path'],
    summary: 'The path of the directory that a path is in.',
    example: 'dir_name("a/b/c.txt") // a/b',
    run: (_context, given) => {
      const text = withoutEnd(textArgument('dir_name', 1, given));
      const slash = text.lastIndexOf('/');
      if (slash === -1) return text === '' ? '.' : text === '/' ? '/' : '.';
      return withoutEnd(text.slice(0, slash + 1));
    },
  },
  {
    name: 'base_name',
    parameters: ['path'],
    summary: 'The last name of a path.',
    example: 'base_name("a/b/c.txt") // c.txt',
    run: (_context, given) => {
      const text = withoutEnd(textArgument('base_name', 1, given));
      return text.slice(text.lastIndexOf('/') + 1);
    },
  },
  {
    name: 'relative_path',
    parameters: ['path', 'base'],
    summary: 'The path as seen from a directory.',
    example: 'relative_path("a/b/c.txt", "a/d") // ../b/c.txt',
    errors: [
      {
        type: 'RangeError',
        when: 'the base lies above what the path begins at',
        example: 'relative_path("a", "..")',
      },
    ],
    run: (context, given, from) => {
      const path = namesOf(context, textArgument('relative_path', 1, given));
      const base = namesOf(context, textArgument('relative_path', 2, from));
      let shared = 0;
      while (shared < Math.min(path.length, base.length) && path[shared] === base[shared]) shared++;
      const up = base.slice(shared);
      if (up.includes('..')) {
        throw raise('RangeError', 'relative_path: the base lies above what the path begins at');
      }
      return [...up.map(() => '..'), ...path.slice(shared)].join('/') || '.';
    },
  },
];

/** The shortest text of the same path; "." for none. */
function normalised(context: BuiltinContext, text: string): string {
  const root = text.startsWith('/') ? '/' : '';
  return root + namesOf(context, text).join('/') || '.';
}

/** The names of a path. `..` is left where it leads out of a relative path, and dropped at the start of an absolute one. */
function namesOf(context: BuiltinContext, text: string): string[] {
  context.step(text.length >> 4);
  const names: string[] = [];
  for (const name of text.split('/')) {
    if (name === '' || name === '.') continue;
    if (name !== '..') names.push(name);
    else if (names.length > 0 && names.at(-1) !== '..') names.pop();
    else if (!text.startsWith('/')) names.push(name);
  }
  return names;
}

/** Without the slashes at its end; "/" stays. */
function withoutEnd(text: string): string {
  let end = text.length;
  while (end > 1 && text[end - 1] === '/') end--;
  return text.slice(0, end);
}
