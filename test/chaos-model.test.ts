// The model of the chaos test can be wrong in one way that nobody would notice: by allowing too much.
import { describe, expect, it } from 'vitest';
import { type Policy, SessionModel } from './helpers/chaos/session-model.ts';
import { afterProgram, afterPut, emptyState, type State } from './helpers/chaos/state.ts';

const first = afterProgram(emptyState, 'a');
const second = afterProgram(first, 'b');

function modelAfter(policy: Policy, ...keys: string[]): SessionModel {
  const model = new SessionModel(policy, [emptyState]);
  let state: State = emptyState;
  for (const key of keys) {
    state = afterProgram(state, key);
    model.ran(key, state);
  }
  return model;
}

describe('the model of a session', () => {
  it('lets nothing go while the container lives', () => {
    const model = modelAfter('none', 'a', 'b');
    expect(() => model.seen(first, 'now')).toThrow('now it holds');
    expect(() => model.lost('a program')).toThrow('nobody killed its container');
    model.seen(second, 'now');
  });

  it('lets what is not stored go with the container, and nothing else', () => {
    const model = modelAfter('none', 'a');
    model.stored(1);
    model.ran('b', second);
    model.containerKilled();
    expect(() => model.seen(emptyState, 'now')).toThrow('now it holds');
    model.seen(first, 'now');
    model.settled();
    expect(() => model.seen(second, 'now')).toThrow('now it holds');
  });

  it('lets nothing that was acknowledged go under the policy execution', () => {
    const model = modelAfter('execution', 'a', 'b');
    model.containerKilled();
    expect(() => model.seen(first, 'now')).toThrow('now it holds');
    model.lost('a program');
    expect(() => model.seen(first, 'now')).toThrow('now it holds');
    model.seen(second, 'now');
  });

  it('lets a state of the policy interval go that may not have been stored, until one was', () => {
    const model = modelAfter('interval', 'a', 'b');
    model.settled();
    model.containerKilled();
    model.seen(first, 'now');
    model.settled();
    model.wasStored();
    model.containerKilled();
    expect(() => model.seen(emptyState, 'now')).toThrow('now it holds');
  });

  it('allows both outcomes of what is in doubt, and keeps to the one that was seen', () => {
    const model = modelAfter('none', 'a');
    model.mayHavePut('x');
    const put = afterPut(first, 'x');
    expect(() => model.readPut('y')).toThrow('the file holds y');
    model.readPut('x');
    expect(() => model.seen(first, 'now')).toThrow('now it holds');
    model.seen(put, 'now');
  });

  it('holds a session to the version that it went back to', () => {
    const model = modelAfter('none', 'a');
    model.stored(1);
    model.ran('b', second);
    model.mayHaveGoneBack(1);
    expect(model.live).toEqual([second, first]);
    model.wentBack(1);
    expect(() => model.seen(second, 'now')).toThrow('now it holds');
    expect(() => model.standsOn(1)).not.toThrow();
  });

  it('lets a restart forget variables, and no file', () => {
    const model = modelAfter('none', 'a', 'b');
    model.mayHaveRestarted();
    expect(() => model.seen(emptyState, 'now')).toThrow('now it holds');
    model.seen(second, 'now');
    model.restarted();
    expect(() => model.seen(second, 'now')).toThrow('now it holds');
    model.seen({ ...second, ran: '' }, 'now');
  });

  it('lets a session fail to wake without the engine, but only with what is stored', () => {
    const asleep = modelAfter('none', 'a');
    asleep.wasStored();
    asleep.engineCut();
    asleep.lost('a program');
    asleep.seen(first, 'now');
    const awake = modelAfter('none', 'a');
    awake.engineCut();
    expect(() => awake.lost('a program')).toThrow('nobody killed its container');
  });
});
