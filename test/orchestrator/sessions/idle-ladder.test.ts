import { describe, expect, it } from 'vitest';
import {
  type IdleFacts,
  nextStep,
  storedUse,
} from '../../../src/orchestrator/sessions/idle-ladder.ts';

const ladder = { pauseAfterMs: 10, hibernateAfterMs: 100, expireAfterMs: 1000 };
const facts: IdleFacts = { state: 'idle', idle: ladder, usedAt: 5000, now: 5000, canPause: true };

describe('the next step down', () => {
  it.each([
    ['is to pause, then to hibernate', {}, { to: 'paused', at: 5010 }],
    ['of a paused session is to hibernate', { state: 'paused' }, { to: 'hibernated', at: 5100 }],
    ['may be overdue', { now: 5020 }, { to: 'paused', at: 5010 }],
    ['leaves out what is overdue twice', { now: 5100 }, { to: 'hibernated', at: 5100 }],
    ['leaves out pausing where it cannot be', { canPause: false }, { to: 'hibernated', at: 5100 }],
    [
      'leaves out pausing that would come later',
      { idle: { pauseAfterMs: 200, hibernateAfterMs: 100 } },
      { to: 'hibernated', at: 5100 },
    ],
    ['may be the only one', { idle: { hibernateAfterMs: 7 } }, { to: 'hibernated', at: 5007 }],
    ['may be to pause for ever', { idle: { pauseAfterMs: 7 } }, { to: 'paused', at: 5007 }],
  ] satisfies [string, Partial<IdleFacts>, object][])('%s', (_, changes, step) => {
    expect(nextStep({ ...facts, ...changes })).toMatchObject(step);
  });

  it('is none where nothing is configured, and for whoever works or sleeps already', () => {
    expect(nextStep({ ...facts, idle: { expireAfterMs: 1 } })).toBeNull();
    expect(nextStep({ ...facts, idle: { pauseAfterMs: 1 }, state: 'paused' })).toBeNull();
    for (const state of ['creating', 'busy', 'hibernated', 'failed', 'deleted'] as const)
      expect(nextStep({ ...facts, state })).toBeNull();
  });
});

it('a use is stored with the end that follows from it, if there is one', () => {
  expect(storedUse(5000, ladder)).toEqual({ lastUsedAt: 5000, expiresAt: 6000 });
  expect(storedUse(5000, { pauseAfterMs: 1 })).toEqual({ lastUsedAt: 5000, expiresAt: null });
});
