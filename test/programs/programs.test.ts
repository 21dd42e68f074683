// Runs every golden program below this folder in a session of its own and compares all that it expects (expectations.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createInterpreter, type Outcome } from '#language';
import { FakeNetwork } from '../doubles/fake-network.ts';
import { RecordingHost } from '../doubles/recording-host.ts';
import { TemporaryWorkspace } from '../helpers/temporary-workspace.ts';
import {
  countExpectations,
  errorText,
  linesOf,
  matches,
  programFiles,
  programFolder,
  readExpectations,
} from './expectations.ts';

describe('the golden program', () => {
  it.each(programFiles())('%s does what it says', (file) => {
    const program = readExpectations(readFileSync(join(programFolder, file), 'utf8'));
    expect(countExpectations(program), 'expectations in the program').toBeGreaterThan(0);

    using workspace = new TemporaryWorkspace(program.files ?? new Map());
    const host = new RecordingHost({
      lines: program.lines,
      ...(program.files === null ? {} : { files: workspace.files }),
      ...(program.network ? { network: new FakeNetwork() } : {}),
    });
    host.features = new Set(program.features);
    const interpreter = createInterpreter(host);
    for (const unit of program.units) {
      const outcome = interpreter.execute(unit.source, { args: program.args });
      expectError(outcome, unit.error);
      if (unit.hint !== null) expect(outcome.error?.hint, 'hint').toBe(unit.hint);
      if (unit.result !== null) expect(outcome.result?.preview, 'result').toBe(unit.result);
      if (unit.warnings.length > 0) {
        expect(outcome.warnings.map((warning) => warning.message)).toEqual(unit.warnings);
      }
    }
    expect(linesOf(host.text('stdout')), 'stdout').toEqual(program.stdout);
    expect(linesOf(host.text('stderr')), 'stderr').toEqual(program.stderr);
  });
});

function expectError(outcome: Outcome, expected: string | null): void {
  const found = outcome.error === undefined ? null : errorText(outcome.error);
  if (expected !== null && found !== null && matches(expected, found)) return;
  expect(found, 'error').toBe(expected);
}
