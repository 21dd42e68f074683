// Versions come and go, and sessions go back to them: snapshot, rollback.
import { expect } from 'vitest';
import { type Attempt, Notes, type Operation, retried, withKey } from './operation.ts';

export const snapshot: Operation = {
  name: 'snapshot',
  label: 'subject',
  stepsMin: 8,
  run: (attempt) =>
    attempt.subject.request('POST', '/snapshots', { label: attempt.name }, withKey(attempt)),
  async check(attempt, reply) {
    const { subject, name } = attempt;
    const ours = async () => (await subject.versions()).filter(({ label }) => label === name);
    const [taken, ...more] = await ours();
    expect(more).toEqual([]);
    if (reply?.status === 201) expect(taken).toEqual(reply.body);
    if (taken) subject.marks.set(taken.version, subject.mark);
    await subject.expectWhole([subject.mark]);
    const again = await retried(snapshot, attempt, 201);
    if (taken) expect(again.body).toEqual(taken);
    const all = await ours();
    expect(all).toEqual([again.body]);
    for (const { version } of all) subject.marks.set(version, subject.mark);
  },
};

type Choice = { readonly version: number; readonly versions: readonly any[] };
const choices = new Notes<Choice>();

async function chosen(attempt: Attempt): Promise<void> {
  const { subject } = attempt;
  const version = await subject.olderVersion();
  choices.put(attempt, { version, versions: await subject.versions() });
}

export const rollback: Operation = {
  name: 'rollback',
  label: 'subject',
  stepsMin: 12,
  prepare: chosen,
  run: (attempt) => {
    const { version } = choices.of(attempt);
    return attempt.subject.request('POST', '/rollback', { version });
  },
  async check(attempt, reply) {
    const { subject } = attempt;
    const { version, versions } = choices.of(attempt);
    expect(await subject.versions()).toEqual(versions);
    const older = subject.marks.get(version)!;
    const allowed = reply?.status === 200 ? [older] : [older, subject.mark];
    await subject.expectWhole(allowed);
  },
};
