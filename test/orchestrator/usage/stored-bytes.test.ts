import { expect, it } from 'vitest';
import { storedByHour } from '../../../src/orchestrator/usage/stored-bytes.ts';

const hour = 3_600_000;
const span = { from: 10 * hour, to: 14 * hour };
const later = 100 * hour;

it('what holds goes on through hours without a step', () => {
  const steps = [{ hour: 2 * hour, at: 2.5 * hour, byteSeconds: 5, bytes: 10 }];
  expect([...storedByHour(steps, span, later)]).toEqual(
    [10, 11, 12, 13].map((at) => [at * hour, 36_000]),
  );
});

it('an hour with a step has what was before it and what holds after it', () => {
  const steps = [
    { hour: 10 * hour, at: 10.5 * hour, byteSeconds: 7, bytes: 10 },
    { hour: 12 * hour, at: 12.25 * hour, byteSeconds: 100, bytes: 0 },
  ];
  expect([...storedByHour(steps, span, later)]).toEqual([
    [10 * hour, 7 + 18_000],
    [11 * hour, 36_000],
    [12 * hour, 100],
  ]);
});

it('nothing is stored in the future', () => {
  const steps = [{ hour: 9 * hour, at: 9 * hour, byteSeconds: 0, bytes: 10 }];
  expect([...storedByHour(steps, span, 11.5 * hour)]).toEqual([
    [10 * hour, 36_000],
    [11 * hour, 18_000],
  ]);
  expect([...storedByHour(steps, span, 9.5 * hour)]).toEqual([]);
});

it('steps after the span are not in it', () => {
  const steps = [{ hour: 14 * hour, at: 14 * hour, byteSeconds: 3, bytes: 10 }];
  expect([...storedByHour(steps, span, later)]).toEqual([]);
});
