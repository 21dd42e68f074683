// Sources without end, all of them from one seed, each checked; what fails is made small.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Dice } from './dice.ts';
import { generateHostile } from './hostile-generator.ts';
import { minimise } from './minimise.ts';
import { mutate } from './mutate.ts';
import { type Problem, problemWhenRead, problemWhenRun, problemWith } from './oracle.ts';
import { generateProgram } from './program-generator.ts';

export type Finding = Problem & {
  readonly seed: number;
  readonly round: number;
  readonly source: string;
};

/** The source of one round; the same seed and round always give the same one. */
export function sourceOf(seed: number, round: number): string {
  const dice = new Dice(Math.imul(seed, 0x9e3779b1) + round);
  dice.roll(2);
  switch (round % 4) {
    case 0:
      return generateProgram(dice);
    case 1:
      return mutate(dice, goldenPrograms());
    case 2:
      return generateHostile(dice);
    default:
      return mutate(dice, [generateProgram(dice), generateHostile(dice), ...goldenPrograms()]);
  }
}

/** Checks one round. */
export function checkRound(seed: number, round: number): Finding | null {
  const source = sourceOf(seed, round);
  const problem = problemWith(source);
  return problem && { seed, round, source, ...problem };
}

/** The same finding with as short a source as can be found. */
export function minimised(finding: Finding): Finding {
  // Where running fails, formatting is not asked, and the other way round: it takes time and fails in other ways.
  const check = /^(front|format)/.test(finding.promise) ? problemWhenRead : problemWhenRun;
  const isSame = (candidate: string) => check(candidate)?.promise === finding.promise;
  const source = minimise(finding.source, isSame);
  return { ...finding, source, ...check(source) };
}

/** Tells findings apart that have another cause. */
export function causeOf({ promise, detail }: Finding): string {
  return [promise, ...detail.split('\n').slice(0, 2)].join(' ').slice(0, causeLengthMax);
}

/** A finding as a person wants to read it. */
export function describeFinding({ seed, round, promise, detail, source }: Finding): string {
  const written = JSON.stringify(source);
  return `${promise}: FUZZ_SEED=${seed} round ${round}\n  ${detail.replaceAll('\n', '\n  ')}\n  source: ${written}\n${source}\n`;
}

let golden: string[] | null = null;

function goldenPrograms(): readonly string[] {
  golden ??= readdirSync(programsDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ai'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .flatMap((file) => readFileSync(file, 'utf8').split('// --- next unit\n'));
  return golden;
}

const causeLengthMax = 160;
const programsDirectory = join(import.meta.dirname, '../../programs');
