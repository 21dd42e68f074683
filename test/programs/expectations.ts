// What a golden program expects of itself, read from its comments:
//   // expect: text            the next line of stdout          // expect stderr: text   the next line of stderr
//   // expect error: Type message at line:column                the error that ends the unit; `*` stands for any text; `at file.ai line:column`
//                                                              where it is in a file
//   // hint: text              the hint that the error comes with
//   // result: preview         the result of the unit, strings quoted
//   // warning: message        a warning of the unit
//   // input: line             the next line that input() reads // args: one two         the program's arguments
//   // features: one two                                     the session's features
//   // --- next unit           ends a unit; the next one runs in the same session, its lines counted from the file's start
//   // --- file lib/name.ai    what follows, up to the next such line, is a file the session has, without its last line end
//   // without: files          the session has no access to files          // with: network  it has the one of the fake network
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { ErrorReport } from '#language';

export const programFolder = import.meta.dirname;

export type UnitExpectations = {
  readonly source: string;
  readonly error: string | null;
  readonly hint: string | null;
  readonly result: string | null;
  readonly warnings: readonly string[];
};

export type ProgramExpectations = {
  readonly units: readonly UnitExpectations[];
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  readonly lines: readonly string[];
  readonly args: readonly string[];
  /** Path → text; null where the session has no files at all. */
  readonly files: ReadonlyMap<string, string> | null;
  readonly features: readonly string[];
  readonly network: boolean;
};

const unitEnd = '// --- next unit';
const fileStart = /^\/\/ --- file (.+)\n/m;

export function readExpectations(text: string): ProgramExpectations {
  const [source = '', ...files] = text.split(fileStart);
  return {
    files: marked(source, 'without').includes('files') ? null : pairs(files),
    network: marked(source, 'with').includes('network'),
    units: splitUnits(source).map((unit) => ({
      source: unit,
      error: marked(unit, 'expect error')[0] ?? null,
      hint: marked(unit, 'hint')[0] ?? null,
      result: marked(unit, 'result')[0] ?? null,
      warnings: marked(unit, 'warning'),
    })),
    stdout: marked(source, 'expect'),
    stderr: marked(source, 'expect stderr'),
    lines: marked(source, 'input'),
    args: marked(source, 'args').flatMap((words) => words.split(' ')),
    features: marked(source, 'features').flatMap((words) => words.split(' ')),
  };
}

/** All golden programs, as paths below their folder. */
export function programFiles(): string[] {
  return readdirSync(programFolder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ai'))
    .map((entry) => relative(programFolder, join(entry.parentPath, entry.name)))
    .sort();
}

/** An error in the form that a program expects it. */
export function errorText(error: Pick<ErrorReport, 'type' | 'message' | 'location'>): string {
  const { type, message, location } = error;
  if (location === undefined) return `${type} ${message}`;
  const file = location.file === undefined ? '' : `${location.file} `;
  const place = ` at ${file}${location.line}:${location.column}`;
  return `${type} ${message}${place}`;
}

export function linesOf(text: string): string[] {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** How many things a program expects; none means that it tests nothing. */
export function countExpectations(program: ProgramExpectations): number {
  const ofUnits = program.units.map(
    (unit) => Number(unit.error !== null) + Number(unit.result !== null) + unit.warnings.length,
  );
  return ofUnits.reduce((a, b) => a + b, program.stdout.length + program.stderr.length);
}

/** Whether a text is what an expectation with `*` for any text describes. */
export function matches(expected: string, found: string): boolean {
  const parts = expected.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}$`).test(found);
}

function pairs(parts: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) files.set(parts[i]!, parts[i + 1]!.replace(/\n$/, ''));
  return files;
}

/** Texts of the comments `// keyword: text`, in order. */
function marked(source: string, keyword: string): string[] {
  const comments = source.matchAll(new RegExp(`// ${keyword}:(?: (.*))?$`, 'gm'));
  return [...comments].map((comment) => comment[1] ?? '');
}

/** Units keep their place in the file: what stood before them becomes empty lines. */
function splitUnits(source: string): string[] {
  const units: string[] = [];
  let linesBefore = 0;
  for (const unit of source.split(`${unitEnd}\n`)) {
    units.push('\n'.repeat(linesBefore) + unit);
    linesBefore += unit.split('\n').length;
  }
  return units;
}
