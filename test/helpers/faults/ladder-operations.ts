// Sessions go to sleep and wake up: hibernated and resumed, paused and thawed.
import { expect } from 'vitest';
import { docker } from '../start-service.ts';
import type { Operation } from './operation.ts';
import type { Subject } from './subject.ts';

export const hibernate: Operation = {
  name: 'hibernate',
  label: 'subject',
  stepsMin: 7,
  run: ({ subject }) => subject.request('POST', '/hibernate'),
  async check({ subject }, reply) {
    if (reply?.status === 200) expect((await subject.get()).state).toBe('hibernated');
    const { version } = await subject.get();
    if (!subject.marks.has(version)) subject.marks.set(version, subject.mark);
    await subject.expectWhole([subject.mark]);
  },
};

export const resume: Operation = {
  name: 'resume',
  label: 'subject',
  stepsMin: 10,
  async prepare({ subject }) {
    const { status, body } = await subject.request('POST', '/hibernate');
    expect(status).toBe(200);
    subject.marks.set(body.version, subject.mark);
  },
  run: ({ subject }) => subject.request('POST', '/resume'),
  async check({ subject }, reply) {
    const { state } = await subject.get();
    expect(state).toBeOneOf(reply?.status === 200 ? ['idle'] : ['idle', 'hibernated']);
    await subject.expectWhole([subject.mark]);
  },
};

export const pause: Operation = {
  name: 'pause',
  label: 'subject',
  stepsMin: 3,
  run: ({ subject }) => subject.request('POST', '/pause'),
  async check({ subject }, reply) {
    await expectAsFrozen(subject, reply?.status === 200 ? ['paused'] : ['paused', 'idle']);
    await subject.expectWhole([subject.mark]);
  },
};

export const thaw: Operation = {
  name: 'thaw',
  label: 'subject',
  stepsMin: 3,
  async prepare({ subject }) {
    expect((await subject.request('POST', '/pause')).status).toBe(200);
  },
  run: ({ subject }) => subject.request('POST', '/resume'),
  async check({ subject }, reply) {
    await expectAsFrozen(subject, reply?.status === 200 ? ['idle'] : ['paused', 'idle']);
    await subject.expectWhole([subject.mark]);
  },
};

/** It is in one of these states, and its container is as frozen as that says. */
async function expectAsFrozen(subject: Subject, allowed: readonly string[]): Promise<void> {
  const { state, sandbox } = await subject.get();
  expect(state).toBeOneOf([...allowed]);
  const { State } = await docker.getContainer(`cellar-${sandbox.id}`).inspect();
  expect(State.Paused).toBe(state === 'paused');
}
