// Sessions come and go: created, forked, deleted, expired.
import { expect } from 'vitest';
import { type Attempt, Notes, type Operation, retried, withKey } from './operation.ts';
import { Subject } from './subject.ts';

export const create: Operation = {
  name: 'create',
  label: 'made',
  stepsMin: 12,
  run: (attempt) =>
    attempt.service.request('POST', '/api/sessions', { name: attempt.name }, withKey(attempt)),
  async check(attempt, reply) {
    const made = new Subject(attempt.service, attempt.name);
    const isThere = await made.settles();
    if (reply?.status === 201) expect(isThere).toBe(true);
    const id = isThere ? (await made.get()).id : null;
    if (isThere) await made.expectWhole([null]);
    const again = await retried(create, attempt, 201);
    if (id !== null) expect(again.body.id).toBe(id);
    expect((await made.request('DELETE', '?force=true')).status).toBe(204);
    await attempt.subject.expectWhole([attempt.subject.mark]);
  },
};

export const fork: Operation = {
  name: 'fork',
  label: 'made',
  stepsMin: 18,
  run: (attempt) => {
    const from = { session: attempt.subject.name };
    const body = { name: attempt.name, from };
    return attempt.service.request('POST', '/api/sessions', body, withKey(attempt));
  },
  async check(attempt, reply) {
    const { service, subject, name } = attempt;
    const source = subject.mark;
    const made = new Subject(service, name);
    const isThere = await made.settles();
    if (reply?.status === 201) expect(isThere).toBe(true);
    if (isThere) {
      expect((await made.versions()).map(({ reason }) => reason)).toEqual(['fork']);
      await made.expectWhole([source]);
    }
    await subject.expectWhole([source]);
    const again = await retried(fork, attempt, 201);
    expect(again.body.id).toBe((await made.get()).id);
    await made.expectWhole([source]);
    expect((await made.request('DELETE', '?force=true')).status).toBe(204);
    await subject.setMark(`${name}-source`);
    await subject.removeVersions(({ reason }) => reason === 'fork');
  },
};

type Former = { readonly id: string; readonly versions: readonly any[] };
const formers = new Notes<Former>();

/** A new session that has as many versions each time, so that the steps are the same. */
async function renewed(attempt: Attempt): Promise<void> {
  const { subject } = attempt;
  expect((await subject.request('DELETE', '?force=true')).status).toBe(204);
  await subject.prepare();
  const { id } = await subject.get();
  formers.put(attempt, { id, versions: await subject.versions() });
}

/** Nothing of the session is left but the versions that were to be kept. */
async function expectGone(attempt: Attempt, keepSnapshots: boolean): Promise<void> {
  const { service, subject } = attempt;
  const { id, versions } = formers.of(attempt);
  const { items } = (await service.request('GET', '/api/snapshots?limit=200')).body;
  const kept = items.filter((item: any) => item.session === id);
  expect(kept).toEqual(keepSnapshots ? versions : []);
  for (const snapshot of kept)
    expect((await service.request('DELETE', `/api/snapshots/${snapshot.id}`)).status).toBe(204);
  await subject.prepare();
}

function deletion(name: string, keepSnapshots: boolean): Operation {
  return {
    name,
    label: 'subject',
    stepsMin: 5,
    prepare: renewed,
    run: ({ subject }) => subject.request('DELETE', `?force=true&keepSnapshots=${keepSnapshots}`),
    async check(attempt, reply) {
      const { subject } = attempt;
      const isThere = await subject.settles();
      if (reply?.status === 204) expect(isThere).toBe(false);
      if (!isThere) return expectGone(attempt, keepSnapshots);
      expect(await subject.versions()).toEqual(formers.of(attempt).versions);
      await subject.expectWhole([subject.mark]);
    },
  };
}

export const deleted = deletion('delete', false);

/** What the API takes. */
const expireAfterMs = 1_000;

export const expiry: Operation = {
  name: 'expiry',
  label: 'subject',
  stepsMin: 7,
  prepare: renewed,
  async run({ subject }) {
    const configured = await subject.request('PUT', '/config', { idle: { expireAfterMs } });
    if (configured.status === 200) expect(await subject.settles(['gone'])).toBe(false);
    return configured;
  },
  async check(attempt, reply) {
    const { subject } = attempt;
    // A process that died before it had stored when the session ends has not promised anything.
    const { status, body } = await subject.request('GET');
    if (status === 200 && body.config.idle.expireAfterMs === undefined) {
      expect(reply).toBeNull();
      return void (await subject.expectWhole([subject.mark]));
    }
    expect(await subject.settles(['gone'])).toBe(false);
    await expectGone(attempt, false);
  },
};
