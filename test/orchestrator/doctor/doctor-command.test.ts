import { describe, expect, it } from 'vitest';
import { carryOut, examine, textOf } from '../../../src/orchestrator/doctor/doctor-command.ts';
import { failure, ok, warning } from '../../../src/orchestrator/doctor/finding.ts';

describe('a check', () => {
  it('that does not come to an end is a failure when its time is over', async () => {
    const result = await carryOut({ name: 'slow', look: () => new Promise(() => {}) }, 5);
    expect(result).toMatchObject({ check: 'slow', level: 'failure' });
    expect(result.seen).toContain('no result within');
  });

  it('that throws is a failure with its reason', async () => {
    const look = () => Promise.reject(new Error('EACCES: not for you'));
    expect(await carryOut({ name: 'closed', look }, 1000)).toMatchObject({
      level: 'failure',
      seen: expect.stringContaining('EACCES: not for you'),
    });
  });
});

it('the text has a line for each check, and below it what to do', () => {
  const text = textOf([
    { check: 'one', ...ok('well') },
    { check: 'other', ...warning('so so', 'Do this.') },
    { check: 'last', ...failure('bad', 'Do that.') },
  ]);
  expect(text.split('\n')).toEqual([
    'ok       one    well',
    'warning  other  so so',
    '                → Do this.',
    'failure  last   bad',
    '                → Do that.',
    '1 failures, 1 warnings',
  ]);
});

it('words that mean nothing are refused', async () => {
  await expect(examine(['--all'], {}, '/')).rejects.toThrow('usage: cellar doctor [--json]');
});
