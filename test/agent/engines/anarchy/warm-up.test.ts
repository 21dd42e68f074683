import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { warmUp, warmUpPrograms } from '../../../../src/agent/engines/anarchy/warm-up.ts';
import { newSession } from '../../../helpers/run-program.ts';
import { TemporaryWorkspace } from '../../../helpers/temporary-workspace.ts';

it('goes the ways that programs go: to results, to output and to errors', () => {
  const { run, host } = newSession();
  const outcomes = warmUpPrograms.map((code) => run(code));
  expect(outcomes.map(({ status, error }) => error?.type ?? status)).toEqual([
    'success',
    'success',
    'ReferenceError',
    'SyntaxError',
  ]);
  expect(host.output).toContain('10\n');
});

it('leaves nothing in the workspace', () => {
  using workspace = new TemporaryWorkspace();
  warmUp(workspace.root);
  expect(readdirSync(workspace.root)).toEqual([]);
});
