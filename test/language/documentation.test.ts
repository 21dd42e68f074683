// docs/language.md says what the language does: its examples are run, its tables compared with those of the source.
//
// Examples are fenced blocks marked `anarchy`; each is a session of its own. What a comment expects ends an execution:
//   // → preview            the result, strings quoted          // prints text        one line of stdout; all lines are expected
//   // fails Type: message  the error, maybe with ` at 2:5`     // incomplete         the same, where more input would help
//   // hints text           the error's hint
//   // warns message        a warning                           further ones may stand on the lines below
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '#language';
import { builtins } from '../../src/language/builtins/table.ts';
import { argumentsMax, nestingMax } from '../../src/language/grammar/cursor.ts';
import { treeDepthMax } from '../../src/language/grammar/tree-depth.ts';
import { macroLengthMax, macrosMax } from '../../src/language/macros/expand.ts';
import { expansionDepthMax } from '../../src/language/macros/expander.ts';
import { expandedNodesMax } from '../../src/language/macros/expansion-state.ts';
import { callDepthMax } from '../../src/language/runtime/budget.ts';
import {
  contextualSymbols,
  functionSymbols,
  oneLetterCalls,
  syntaxSymbols,
} from '../../src/language/symbols.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { newSession } from '../helpers/run-program.ts';
import { projectDirectory } from '../helpers/source-files.ts';
import { TemporaryWorkspace } from '../helpers/temporary-workspace.ts';

const page = readFileSync(join(projectDirectory, 'docs/language.md'), 'utf8');

describe('an example', () => {
  it.each(examples())('on line %i does what its comments say', (_line, example) => {
    using workspace = new TemporaryWorkspace();
    const session = newSession(new RecordingHost({ files: workspace.files }));
    const units = unitsOf(example);
    expect(units.flatMap(({ expected }) => expected).length).toBeGreaterThan(0);
    for (const { source, expected } of units) {
      const written = session.host.output.length;
      const outcome = session.run(source);
      const told = comments(outcome, session.host.output.slice(written), expected);
      expect(told, source).toEqual(expected);
    }
  });
});

describe('a table', () => {
  it('of symbols lists all that are syntax, with what they stand for', () => {
    expect(symbolTable('Symbols that are syntax')).toEqual(new Map(syntaxSymbols));
  });

  it('of symbols lists all that are functions, those that are not there yet apart', () => {
    const all = [...functionSymbols, ...contextualSymbols];
    const names = new Set(builtins.flatMap(({ name, aliases = [] }) => [name, ...aliases]));
    // Namespaces such as `JSON` are names too.
    for (const name of [...names]) names.add(name.split('.')[0]!);
    const there = all.filter(([, name]) => names.has(name));
    const missing = all.filter(([, name]) => !names.has(name));
    expect(symbolTable('Symbols that are functions')).toEqual(new Map(there));
    expect(symbolTable('Symbols of functions that are not there yet')).toEqual(new Map(missing));
  });

  it('of one-letter calls lists all', () => {
    expect(symbolTable('One-letter calls')).toEqual(new Map(oneLetterCalls));
  });

  it('of limits has the numbers of the source', () => {
    const limits = new Map(rowsBelow('Limits') as [string, string][]);
    expect(limits.get('Calls inside one another')).toContain(`${callDepthMax}:`);
    expect(limits.get('Brackets, blocks and prefixes inside one another')).toContain(
      `${nestingMax}:`,
    );
    expect(limits.get('Arguments of a call, parameters of a function')).toContain(
      `${argumentsMax}:`,
    );
    expect(limits.get('Depth of the syntax tree')).toContain(`${treeDepthMax}:`);
    expect(limits.get('Macros inside one another')).toContain(`${expansionDepthMax}:`);
    expect(limits.get('Nodes of the syntax tree that the macros of an execution make')).toContain(
      `${expandedNodesMax}:`,
    );
    expect(limits.get('Macros of a session')).toBe(
      `${macrosMax}, and ${macroLengthMax} characters of definitions: SyntaxError`,
    );
  });
});

/** Blocks marked `anarchy`, with the lines of the page on which they begin. */
function examples(): [number, string][] {
  return [...page.matchAll(/^```anarchy\n(.*?)^```$/gms)].map((block) => [
    page.slice(0, block.index).split('\n').length,
    block[1] ?? '',
  ]);
}

type Unit = { source: string; readonly expected: string[] };

/** A unit ends with the comments that expect something; text behind the last of them must run too. */
function unitsOf(example: string): Unit[] {
  const units: Unit[] = [];
  for (const line of example.trimEnd().split('\n')) {
    const [, code, expected] =
      /^(.*?) *\/\/ ((?:→|prints|fails|hints|warns) .*|incomplete)$/.exec(line) ?? [];
    const last = units.at(-1);
    const begins = last === undefined || (last.expected.length > 0 && code !== '');
    const unit: Unit = begins ? { source: '', expected: [] } : last;
    if (begins) units.push(unit);
    if (code !== '') unit.source += `${unit.source === '' ? '' : '\n'}${code ?? line}`;
    if (expected !== undefined) unit.expected.push(expected);
  }
  return units;
}

/** What the comments of a unit should say; a result and the place of an error only where they speak of one. */
function comments(outcome: Outcome, output: string, expected: readonly string[]): string[] {
  const { error, result, warnings } = outcome;
  const told = [...output.matchAll(/(.*)\n|(.+)$/g)].map(([line]) => `prints ${line.trimEnd()}`);
  told.push(...warnings.map(({ message }) => `warns ${message}`));
  if (error !== undefined) {
    const placed = expected.some((text) => /^fails .* at \d+:\d+$/.test(text));
    const place = placed ? ` at ${error.location?.line}:${error.location?.column}` : '';
    told.push(`fails ${error.type}: ${error.message}${place}`);
  } else if (expected.some((text) => text.startsWith('→'))) told.push(`→ ${result?.preview}`);
  if (error?.hint && expected.some((text) => text.startsWith('hints'))) {
    told.push(`hints ${error.hint}`);
  }
  if (error?.incomplete) told.push('incomplete');
  // In the order of the page, so that it may say first what matters most.
  return told.toSorted((a, b) => rank(a, expected) - rank(b, expected));
}

function rank(text: string, expected: readonly string[]): number {
  const index = expected.indexOf(text);
  return index < 0 ? expected.length : index;
}

/** Each symbol of a table's first column with what the second one says. */
function symbolTable(heading: string): Map<string, string> {
  return new Map(
    rowsBelow(heading).flatMap(([symbols = '', meaning = '']) =>
      [...symbols.matchAll(/`([^`]+)`/g)].map(
        ([, symbol]) => [symbol!, meaning.replaceAll('`', '')] as const,
      ),
    ),
  );
}

/** The cells of the first table below a heading, without its head. */
function rowsBelow(heading: string): string[][] {
  const section = page.split(new RegExp(`^#+ ${heading}$`, 'm'))[1] ?? '';
  const lines = /(?:^\|.*\n)+/m.exec(section)?.[0].trimEnd().split('\n') ?? [];
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}
