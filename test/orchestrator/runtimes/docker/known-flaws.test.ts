import { expect, it } from 'vitest';
import { knownFlaws } from '../../../../src/orchestrator/runtimes/docker/known-flaws.ts';

const named = (version: string) =>
  knownFlaws(version)
    .join('\n')
    .match(/CVE-\d+-\d+/g) ?? [];
const ofLate2025 = ['CVE-2025-31133', 'CVE-2025-52565', 'CVE-2025-52881'];

it.each([
  ['1.0.0-rc6', ['CVE-2019-5736', 'CVE-2024-21626', ...ofLate2025]],
  ['1.0.3', ['CVE-2024-21626', ...ofLate2025]],
  ['1.1.11', ['CVE-2024-21626', ...ofLate2025]],
  ['1.1.12', ofLate2025],
  ['1.1.15', ofLate2025],
  ['1.2.7', ofLate2025],
  ['1.2.8', []],
  ['1.3.2', ofLate2025],
  ['v1.3.3', []],
  ['1.4.0-rc.1', ofLate2025],
  ['1.4.0', []],
  ['1.10.0', []],
  ['2.0.0', []],
])('of runc %s are %j', (version, names) => {
  expect(named(version)).toEqual(names);
});

it('of a runc that a distribution has built may have been mended there', () => {
  expect(knownFlaws('1.1.5+ds1').join()).toContain('unless its distribution has mended that');
  expect(knownFlaws('1.1.5').join()).not.toContain('distribution');
});

it('of a runc without a version are not taken to be none', () => {
  for (const version of ['', 'dev', '51d5e946']) expect(knownFlaws(version)).toHaveLength(1);
});
