// Versions come and go, and sessions go back to them: snapshot, removal, rollback, import.
import { expect } from 'vitest';
import type { Service } from '../start-service.ts';
import { type Attempt, Notes, type Operation, retried, withKey } from './operation.ts';
import { Subject } from './subject.ts';

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

export const removal: Operation = {
  name: 'removal of a version',
  label: 'subject',
  stepsMin: 4,
  prepare: chosen,
  run: (attempt) => attempt.subject.request('DELETE', `/snapshots/${choices.of(attempt).version}`),
  async check(attempt, reply) {
    const { service, subject } = attempt;
    const { version, versions } = choices.of(attempt);
    const left = await subject.versions();
    const without = versions.filter((one) => one.version !== version);
    expect(left).toBeOneOf(reply?.status === 204 ? [without] : [without, versions]);
    const archive = await archiveOf(service, subject, version);
    expect(archive === null).toBe(left.length === without.length);
    await subject.expectWhole([subject.mark]);
  },
};

const archives = new Notes<Buffer>();

export const importing: Operation = {
  name: 'import',
  label: 'made',
  stepsMin: 12,
  async prepare(attempt) {
    const { service, subject } = attempt;
    archives.put(attempt, (await archiveOf(service, subject, (await subject.get()).version))!);
  },
  async run(attempt) {
    const { service, name } = attempt;
    const response = await fetch(`${service.url}/api/snapshots?label=${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${service.key}`, 'content-type': 'application/zstd' },
      body: new Uint8Array(archives.of(attempt)),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  },
  async check({ service, subject, name }, reply) {
    const { items } = (await service.request('GET', '/api/snapshots?limit=200')).body;
    const [imported, ...more] = items.filter(({ label }: any) => label === name);
    expect(more).toEqual([]);
    if (reply?.status === 201) expect(imported).toEqual(reply.body);
    if (imported !== undefined) {
      const { id } = imported;
      await service.createSession({ name, from: { snapshot: id } });
      const made = new Subject(service, name);
      expect((await made.history()).length).toBeGreaterThan(0);
      await made.expectWhole([subject.mark]);
      expect((await made.request('DELETE', '?force=true')).status).toBe(204);
      expect((await service.request('DELETE', `/api/snapshots/${id}`)).status).toBe(204);
    }
    await subject.expectWhole([subject.mark]);
  },
};

/** Null: there is no such version. */
async function archiveOf(
  service: Service,
  { name }: Subject,
  version: number,
): Promise<Buffer | null> {
  const address = `${service.url}/api/sessions/${name}/snapshots/${version}/archive`;
  const response = await fetch(address, { headers: { authorization: `Bearer ${service.key}` } });
  const bytes = Buffer.from(await response.arrayBuffer());
  expect(response.status).toBeOneOf([200, 404]);
  return response.status === 200 ? bytes : null;
}
