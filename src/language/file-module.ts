// A file as a module (SPEC 6.5): what the module is called, and the tree of the unit that makes it.
import type { Item, ModuleDeclaration, Program } from './syntax.ts';

/** Endings of files with source, in the order in which they are looked for. */
export const sourceEndings = ['.ai', '.a.i'] as const;

/** The path without the ending that a program may have written. */
export function withoutEnding(path: string): string {
  const ending = sourceEndings.toReversed().find((candidate) => path.endsWith(candidate));
  return ending === undefined ? path : path.slice(0, -ending.length);
}

/** What the module of a file is called: the last name of its path. */
export function moduleNameOf(path: string): string {
  const whole = withoutEnding(path);
  return whole.slice(whole.lastIndexOf('/') + 1);
}

export type FileProgram = {
  readonly program: Program;
  /** The module around the file's own: it is bound to no name, and holds the other under the other's. null without a file. */
  readonly root: ModuleDeclaration | null;
};

/** The unit of a file: its items become members of a module, unless they are that module already. Without a file: as it is. */
export function fileProgram(program: Program, file: string | null): FileProgram {
  if (file === null) return { program, root: null };
  const { span } = program;
  const name = { text: moduleNameOf(file), span: { start: span.start, end: span.start } };
  const module = (members: readonly Item[]): ModuleDeclaration => {
    return { type: 'ModuleDeclaration', span, name, version: null, members };
  };
  const root = module(
    isModule(program.body, name.text) ? program.body : [module(members(program))],
  );
  return { program: { ...program, body: [root] }, root };
}

/** Whether nothing but a module of that name stands there. */
function isModule(items: readonly Item[], name: string): boolean {
  const [only, ...others] = items.filter(({ type }) => !ignored.has(type));
  const declared = only?.type === 'ExportDeclaration' ? only.declaration : only;
  return (
    others.length === 0 && declared?.type === 'ModuleDeclaration' && declared.name.text === name
  );
}

const ignored: ReadonlySet<string> = new Set(['EmptyStatement', 'MacroDeclaration']);

/** `m{...}` is transparent here too. */
function members({ body }: Program): Item[] {
  return body.flatMap((item) => (item.type === 'MainModule' ? item.members : [item]));
}
