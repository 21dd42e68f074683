// The operations during which the service is killed, and what may be the case after that: all of it or nothing of it.
import { expect } from 'vitest';
import type { Reply, Service } from '../start-service.ts';
import { Subject } from './subject.ts';

/** One attempt of an operation. */
export type Attempt = {
  readonly service: Service;
  readonly subject: Subject;
  /** Nothing else has this name. */
  readonly name: string;
  readonly key: string;
};

export type Operation = {
  readonly name: string;
  /** Whose calls are watched: the session's, or those of what is made, which has the attempt's name. */
  readonly label: 'subject' | 'made';
  /** It has this many steps at least. */
  readonly stepsMin: number;
  prepare?(attempt: Attempt): Promise<void>;
  /** The request; null when it gets no answer. */
  run(attempt: Attempt): Promise<Reply>;
  /** Called when the session has settled. `reply`: what the request was answered, if it was. */
  check(attempt: Attempt, reply: Reply | null): Promise<void>;
};

const withKey = ({ key }: Attempt) => ({ 'idempotency-key': key });

/** What a request with the same key is told, wherever the first one was cut off: what became of that. */
async function retried(operation: Operation, attempt: Attempt, done: number): Promise<Reply> {
  let reply: Reply | null = null;
  // Just after its start a service may be late with everything, and ask to come again.
  const ask = async () => {
    reply = await operation.run(attempt);
    return reply.status;
  };
  await expect.poll(ask, { timeout: 60_000, interval: 200 }).not.toBe(503);
  expect(reply!.status).toBe(done);
  return reply!;
}

const create: Operation = {
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

const snapshot: Operation = {
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

const hibernate: Operation = {
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

function deletion(name: string, keepSnapshots: boolean): Operation {
  return {
    name,
    label: 'subject',
    stepsMin: 5,
    async prepare({ subject, name: attempt }) {
      // As many versions each time, so that the steps are the same.
      expect((await subject.request('DELETE', '?force=true')).status).toBe(204);
      await subject.prepare();
      const { id } = await subject.get();
      identities.set(attempt, { id, versions: await subject.versions() });
    },
    run: ({ subject }) => subject.request('DELETE', `?force=true&keepSnapshots=${keepSnapshots}`),
    async check({ service, subject, name: attempt }, reply) {
      const { id, versions } = identities.get(attempt)!;
      const isThere = await subject.settles();
      if (reply?.status === 204) expect(isThere).toBe(false);
      if (isThere) {
        expect(await subject.versions()).toEqual(versions);
        await subject.expectWhole([subject.mark]);
        return;
      }
      const { items } = (await service.request('GET', '/api/snapshots?limit=200')).body;
      const kept = items.filter((item: any) => item.session === id);
      expect(kept).toEqual(keepSnapshots ? versions : []);
      for (const snapshot of kept)
        expect((await service.request('DELETE', `/api/snapshots/${snapshot.id}`)).status).toBe(204);
      await subject.prepare();
    },
  };
}

const identities = new Map<string, { id: string; versions: any[] }>();
export const operations: readonly Operation[] = [
  create,
  snapshot,
  hibernate,
  deletion('delete', false),
];
