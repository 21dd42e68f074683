import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

const script = new URL('../../../scripts/seccomp.ts', import.meta.url).pathname;
const said = (...names: string[]) =>
  execFileSync(process.execPath, [script, ...names], { encoding: 'utf8' })
    .trim()
    .split('\n');

it('says what becomes of the calls that are named', () => {
  const lines = said('ptrace', 'read', 'clone3', 'socket');
  expect(lines[0]).toBe('ptrace: refused: EPERM');
  expect(lines).toContainEqual(expect.stringMatching(/^read: allowed – /));
  expect(lines).toContainEqual(expect.stringMatching(/^clone3: refused: ENOSYS – /));
  expect(lines).toContainEqual(
    expect.stringMatching(/^socket: allowed – Only where argument 1 is 0x1\. – /),
  );
});

it('lists what has a rule when nothing is named', () => {
  const lines = said();
  expect(lines.length).toBeGreaterThan(150);
  expect(lines.filter((line) => line.startsWith('mount:'))).toEqual([]);
});
