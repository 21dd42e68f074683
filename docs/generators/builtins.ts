// docs/reference/builtins.md: every built-in function and constant of the language, from the table that defines them.
import type { Builtin } from '../../src/language/builtins/builtin.ts';
import { builtinConstants, builtins, oneLetterCalls } from '../../src/language/builtins/table.ts';
import { librarySymbols } from '../../src/language/symbols.ts';
import { generatedNote, table } from './table.ts';

export function builtinReference(): string {
  const rows = builtins.toSorted((a, b) => compareNames(a.name, b.name));
  return `${generatedNote}
# Built-in functions

What a program finds without defining it, for users of [the language](../language.md). A method's first parameter is what
stands before the dot: \`trim(text)\` is \`text.trim()\` too. An argument of the wrong type is a TypeError that names the
function, the argument's number and both types; arguments that may be left out are then null. Own names come first: a
program may use every name below for something else.

Errors are those of the function itself: what a function that it calls throws goes on to whoever called it. A value that
takes more room than the session allows ends the program with ResourceLimitError, which nothing catches; the table says so
where a few short arguments suffice. Each example is code and its result.

${functionTable(rows.filter(isAvailable))}
## Constants

${constantTable()}
## One-letter calls

Where a program has no variable of that name, and only as the callee of a call.

${letterTable()}
## Libraries

Symbols whose members are functions from above, by their names or by the symbols of those: \`∇.sum\` is \`∇.∑\`. They and the
other namespaces, such as \`Math\`, cannot be changed.

${libraryTable()}
## Refused

Names that the language has and no session grants. Using one as a value is no error, calling it or a member of it is.

${functionTable(rows.filter((row) => !isAvailable(row)))}`;
}

function functionTable(rows: readonly Builtin[]): string {
  const head = ['Function', 'Also', 'Method of', 'Meaning', 'Errors', 'Example'];
  return table(
    head,
    rows.map((row) => [
      code(signature(row)),
      (row.aliases ?? []).map(code).join(' '),
      (row.methodOf ?? []).join(', '),
      row.summary,
      errorConditions(row),
      example(row),
    ]),
  );
}

/** A function that is a method only shows its receiver before the dot. */
function signature({ name, parameters, free }: Builtin): string {
  if (free !== false) return `${name}(${parameters.join(', ')})`;
  const [receiver, ...others] = parameters;
  // `String.match` is a row of its own beside `match`; programs write `text.match`.
  return `${receiver}.${name.slice(name.lastIndexOf('.') + 1)}(${others.join(', ')})`;
}

function example(row: Builtin): string {
  const [program = '', result = ''] = row.example.split(' // ');
  return `${code(program)} → ${code(result)}`;
}

/** One line for each type, with all its conditions. */
function errorConditions({ errors = [] }: Builtin): string {
  const types = [...new Set(errors.map(({ type }) => type))];
  return types
    .map((type) => {
      const conditions = errors.filter((error) => error.type === type).map(({ when }) => when);
      return `${code(type)}: ${conditions.join('; or ')}`;
    })
    .join('<br>');
}

function constantTable(): string {
  const rows = builtinConstants.map(({ name, aliases = [], value, summary }) => [
    code(name),
    aliases.map(code).join(' '),
    String(value),
    summary,
  ]);
  return table(['Constant', 'Also', 'Value', 'Meaning'], rows);
}

/** Only letters whose function is there. */
function letterTable(): string {
  const names = new Set(builtins.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
  const rows = [...oneLetterCalls].filter(([, name]) => names.has(name));
  return table(
    ['Letter', 'Function'],
    rows.map(([letter, name]) => [code(letter), code(name)]),
  );
}

function libraryTable(): string {
  const names = builtins
    .filter(isAvailable)
    .flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  const rows = [...librarySymbols].map(([symbol, meaning]) => [
    code(symbol),
    meaning,
    names
      .filter((name) => name.startsWith(`${symbol}.`))
      .map((name) => code(name.slice(symbol.length + 1)))
      .join(' '),
  ]);
  return table(['Symbol', 'Meaning', 'Members'], rows);
}

function isAvailable({ everyMember }: Builtin): boolean {
  return everyMember !== true;
}

/** Without regard to case, and the same in every locale. */
function compareNames(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  return left === right ? Number(a > b) - Number(a < b) : Number(left > right) || -1;
}

function code(text: string): string {
  return `\`${text}\``;
}
