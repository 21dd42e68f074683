// What every registry promises, whatever it stores to. Run it with a function that opens a registry over the same
// data each time it is called within one test.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppError } from '../../src/orchestrator/foundation/errors.ts';
import {
  type ExecutionRecord,
  isDormant,
  sessionStates,
} from '../../src/orchestrator/registry/records.ts';
import type {
  SessionFilter,
  SessionRegistry,
} from '../../src/orchestrator/registry/session-registry.ts';
import {
  executionProfile,
  executionRecord,
  outputEvent,
  sessionRecord,
  snapshotRecord,
} from '../helpers/records.ts';

export type RegistryHome = AsyncDisposable & { open(): Promise<SessionRegistry> };

const everything = { limit: 100, offset: 0 };
const hourMs = 3_600_000;
const sandbox = { sandboxId: 'sbx-1', runtimeId: null, token: 't', uid: 1, runtime: 'runc' };

export function describeSessionRegistry(name: string, makeHome: () => Promise<RegistryHome>): void {
  describe(`session registry: ${name}`, () => {
    let home: RegistryHome;
    let registry: SessionRegistry;

    beforeEach(async () => {
      home = await makeHome();
      registry = await home.open();
    });
    afterEach(async () => {
      await registry.close();
      await home[Symbol.asyncDispose]();
    });

    async function reopen(): Promise<void> {
      await registry.close();
      registry = await home.open();
    }

    async function addSessions(...changes: Parameters<typeof sessionRecord>[0][]): Promise<void> {
      for (const change of changes) await registry.createSession(sessionRecord(change));
    }

    async function addExecutions(...changes: Partial<ExecutionRecord>[]): Promise<void> {
      for (const change of changes) {
        const record = executionRecord(change);
        await registry.apply({ sessionId: record.sessionId, newExecutions: [record] });
      }
    }

    describe('sessions', () => {
      it('finds those whose time has come, of every tenant, the longest overdue first', async () => {
        await addSessions(
          { sessionId: 'ses-never', expiresAt: null },
          { sessionId: 'ses-later', expiresAt: 2001 },
          { sessionId: 'ses-now', expiresAt: 2000, tenant: 'other' },
          { sessionId: 'ses-long-ago', expiresAt: 1000, state: 'hibernated' },
          { sessionId: 'ses-gone', expiresAt: 1000, state: 'deleted' },
        );
        const expired = async (now: number) =>
          (await registry.expiredSessions(now)).map(({ tenant, sessionId }) => [tenant, sessionId]);
        expect(await expired(2000)).toEqual([
          ['default', 'ses-long-ago'],
          ['other', 'ses-now'],
        ]);
        await registry.apply({ sessionId: 'ses-now', session: { expiresAt: null } });
        await reopen();
        expect(await expired(2001)).toEqual([
          ['default', 'ses-long-ago'],
          ['default', 'ses-later'],
        ]);
      });

      it('gives back every field as it was stored, after reopening too', async () => {
        const record = sessionRecord({
          name: 'démo "quoted" 名前',
          expiresAt: 1_767_225_700_000,
          sandbox: { sandboxId: 'sbx-1', runtimeId: null, token: 't', uid: 7, runtime: 'runc' },
          config: {
            ...sessionRecord().config,
            persistence: { policy: 'interval', intervalMs: 1000, keep: 3 },
            env: { KEY: 'va\0lue' },
            labels: { team: 'red' },
          },
        });
        await registry.createSession(record);
        expect(await registry.findSession('default', 'ses-1')).toEqual(record);
        await reopen();
        expect(await registry.findSession('default', 'ses-1')).toEqual(record);
      });

      it('finds a session by id and by name, and an id wins over a name that looks like it', async () => {
        await addSessions({ name: 'ses-2' }, { sessionId: 'ses-2', name: 'other' });
        expect((await registry.findSession('default', 'other'))?.sessionId).toBe('ses-2');
        expect((await registry.findSession('default', 'ses-2'))?.sessionId).toBe('ses-2');
        expect(await registry.findSession('default', 'nothing')).toBeNull();
      });

      it('does not find, list or count another tenant’s sessions', async () => {
        await addSessions({ name: 'secret', tenant: 'red' });
        expect(await registry.findSession('blue', 'ses-1')).toBeNull();
        expect(await registry.findSession('blue', 'secret')).toBeNull();
        expect(await registry.listSessions('blue', {}, everything)).toEqual({
          items: [],
          total: 0,
        });
      });

      it('refuses a name twice in one tenant, and allows it in another', async () => {
        await addSessions({ name: 'demo' });
        const again = sessionRecord({ sessionId: 'ses-2', name: 'demo' });
        await expect(registry.createSession(again)).rejects.toMatchObject(code('name_taken'));
        await registry.createSession({ ...again, tenant: 'other' });
        await addSessions({ sessionId: 'ses-3' }, { sessionId: 'ses-4' });
      });

      it('refuses to rename a session to a name that is taken, and changes nothing then', async () => {
        await addSessions({ name: 'demo' }, { sessionId: 'ses-2', name: 'other' });
        const change = { sessionId: 'ses-2', session: { name: 'demo', agentSeq: 5 } };
        await expect(registry.apply(change)).rejects.toMatchObject(code('name_taken'));
        expect(await registry.findSession('default', 'ses-2')).toMatchObject({
          name: 'other',
          agentSeq: 0,
        });
      });

      it('treats a deleted session as none, frees its name, and still gives it to recovery', async () => {
        await addSessions({ name: 'demo' });
        await registry.apply({ sessionId: 'ses-1', session: { state: 'deleted' } });
        expect(await registry.findSession('default', 'ses-1')).toBeNull();
        expect(await registry.findSession('default', 'demo')).toBeNull();
        expect((await registry.listSessions('default', {}, everything)).total).toBe(0);
        await addSessions({ sessionId: 'ses-2', name: 'demo' });
        expect((await registry.sessionsToRecover()).map((session) => session.sessionId)).toEqual([
          'ses-1',
          'ses-2',
        ]);
      });

      it('removes snapshots in the same transaction as a change of their session', async () => {
        await addSessions({});
        const [first, second] = [1, 2].map((version) =>
          snapshotRecord({ snapshotId: `snap-${version}`, version }),
        );
        await registry.apply({ sessionId: 'ses-1', newSnapshots: [first!] });
        const removedSnapshots = ['snap-1'];
        const refused = { sessionId: 'ses-none', session: { agentSeq: 1 }, removedSnapshots };
        await expect(registry.apply(refused)).rejects.toMatchObject(code('session_not_found'));
        expect(await registry.findSnapshot('ses-1', 1)).toEqual(first);
        await registry.apply({ sessionId: 'ses-1', newSnapshots: [second!], removedSnapshots });
        expect(await registry.findSnapshot('ses-1', 1)).toBeNull();
        expect(await registry.findSnapshot('ses-1', 2)).toEqual(second);
      });

      it('neither finds nor lists a session that is not complete, and keeps its name for it', async () => {
        await addSessions({ name: 'fork', complete: false, state: 'failed' });
        const total = async (filter: SessionFilter) =>
          (await registry.listSessions('default', filter, everything)).total;
        expect(await registry.findSession('default', 'ses-1')).toBeNull();
        expect(await registry.findSession('default', 'fork')).toBeNull();
        for (const filter of [{}, { name: 'f*' }, { state: 'failed' }] as const)
          expect(await total(filter)).toBe(0);
        expect(await registry.countSessions()).toBe(1);
        const other = sessionRecord({ sessionId: 'ses-2', name: 'fork' });
        await expect(registry.createSession(other)).rejects.toMatchObject(code('name_taken'));
        await registry.apply({ sessionId: 'ses-1', session: { complete: true } });
        expect(await total({ state: 'failed' })).toBe(1);
        expect((await registry.findSession('default', 'fork'))?.sessionId).toBe('ses-1');
      });

      it('gives a session that is not complete to recovery, whatever its state', async () => {
        await addSessions(
          { complete: false, state: 'failed' },
          { sessionId: 'ses-2', state: 'failed' },
          { sessionId: 'ses-3', complete: false, state: 'creating' },
        );
        expect((await registry.sessionsToRecover()).map(({ sessionId }) => sessionId)).toEqual([
          'ses-1',
          'ses-3',
        ]);
        await registry.apply({ sessionId: 'ses-1', session: { complete: true } });
        expect(await registry.findSession('default', 'ses-1')).toMatchObject({ complete: true });
        expect((await registry.sessionsToRecover()).length).toBe(1);
      });

      it('lists newest first, page by page, with the total', async () => {
        await addSessions(
          { sessionId: 'ses-a', createdAt: 2 },
          { sessionId: 'ses-b', createdAt: 1 },
          { sessionId: 'ses-c', createdAt: 2 },
        );
        const page = await registry.listSessions('default', {}, { limit: 2, offset: 0 });
        expect(page.items.map((session) => session.sessionId)).toEqual(['ses-c', 'ses-a']);
        expect(page.total).toBe(3);
        const rest = await registry.listSessions('default', {}, { limit: 2, offset: 2 });
        expect(rest.items.map((session) => session.sessionId)).toEqual(['ses-b']);
      });

      it('gives recovery the sessions of all tenants, oldest first', async () => {
        await addSessions(
          { sessionId: 'ses-a', createdAt: 2 },
          { sessionId: 'ses-b', createdAt: 1, tenant: 'other' },
        );
        const all = await registry.sessionsToRecover();
        expect(all.map((session) => session.sessionId)).toEqual(['ses-b', 'ses-a']);
      });

      it('deletes a session with all it has and leaves others alone', async () => {
        await addSessions({}, { sessionId: 'ses-2' });
        await addExecutions({}, { sessionId: 'ses-2', executionId: 'exec-2' });
        for (let seq = 1; seq <= 2500; seq += 100) {
          const events = Array.from({ length: 100 }, (_, i) => outputEvent(seq + i, 'exec-1', 'x'));
          await registry.apply({ sessionId: 'ses-1', events });
        }
        await registry.apply({ sessionId: 'ses-2', events: [outputEvent(1, 'exec-2', 'y')] });
        await registry.deleteSession('ses-1');
        expect(await registry.sessionsToRecover()).toHaveLength(1);
        expect(await registry.findExecution('ses-1', 'exec-1')).toBeNull();
        expect(await registry.eventsSince('ses-1', 0, 10)).toEqual([]);
        expect(await registry.outputOf('exec-2')).toHaveLength(1);
        await registry.deleteSession('ses-1');
      });

      it('keeps snapshots beside the session that they made a version of, and numbers them once', async () => {
        await addSessions({}, { sessionId: 'ses-2' }, { sessionId: 'ses-3', tenant: 'other' });
        const first = snapshotRecord({ snapshotId: 'snap-1', version: 1 });
        const second = snapshotRecord({
          snapshotId: 'snap-2',
          version: 2,
          parent: 1,
          label: 'mine',
        });
        for (const snapshot of [first, second])
          await registry.apply({
            sessionId: 'ses-1',
            session: { version: snapshot.version, versionLast: snapshot.version! },
            newSnapshots: [snapshot],
          });
        const page = { limit: 1, offset: 0 };
        expect(await registry.listSnapshots('ses-1', page)).toEqual({ items: [second], total: 2 });
        expect(await registry.listSnapshots('ses-2', page)).toEqual({ items: [], total: 0 });
        expect(await registry.findSnapshot('ses-1', 1)).toEqual(first);
        expect(await registry.findSnapshot('ses-2', 1)).toBeNull();
        expect(await registry.findSnapshotBelow('ses-1', 2)).toEqual(first);
        expect(await registry.findSnapshotBelow('ses-1', 1)).toBeNull();
        expect(await registry.findSnapshotById('default', 'snap-2')).toEqual(second);
        expect(await registry.findSnapshotById('other', 'snap-2')).toBeNull();
        const again = {
          sessionId: 'ses-1',
          newSnapshots: [{ ...first, snapshotId: 'snap-3' }],
          removedSnapshots: ['snap-2'],
        };
        await expect(registry.apply(again)).rejects.toThrow();
        const ids = ['snap-1', 'snap-2', 'snap-3', 'snap-4'];
        expect(await registry.unknownSnapshots('default', ids)).toEqual(['snap-3', 'snap-4']);
        expect(await registry.unknownSnapshots('other', ids)).toEqual(ids);
        expect(await registry.unknownSnapshots('default', [])).toEqual([]);
        await reopen();
        expect(await registry.findSession('default', 'ses-1')).toMatchObject({
          version: 2,
          versionLast: 2,
        });
        await registry.removeSnapshots(['snap-1', 'snap-none']);
        expect(await registry.findSnapshot('ses-1', 1)).toBeNull();
        await registry.apply({ ...again, removedSnapshots: ['snap-none'] });
        await registry.apply({ sessionId: 'ses-1', removedSnapshots: ['snap-3', 'snap-1'] });
        await registry.deleteSession('ses-1');
        const unbound = snapshotRecord({ snapshotId: 'snap-4', sessionId: null, version: null });
        await registry.addSnapshot(unbound);
        expect(await registry.unknownSnapshots('default', ids)).toEqual(['snap-1', 'snap-3']);
      });

      it('gives a label to one version of a session at a time', async () => {
        await addSessions({}, { sessionId: 'ses-2' });
        const versions = [
          snapshotRecord({ snapshotId: 'snap-1', version: 1, label: 'good' }),
          snapshotRecord({ snapshotId: 'snap-2', version: 2, label: 'good' }),
        ];
        for (const snapshot of versions)
          await registry.apply({ sessionId: 'ses-1', newSnapshots: [snapshot] });
        const other = snapshotRecord({ snapshotId: 'snap-3', sessionId: 'ses-2', label: 'good' });
        await registry.apply({ sessionId: 'ses-2', newSnapshots: [other] });
        expect(await registry.findSnapshotByLabel('ses-1', 'good')).toEqual(versions[1]);
        expect((await registry.findSnapshot('ses-1', 1))!.label).toBeNull();
        expect(await registry.labelSnapshot('ses-1', 1, 'good')).toMatchObject({ label: 'good' });
        expect((await registry.findSnapshot('ses-1', 2))!.label).toBeNull();
        expect(await registry.labelSnapshot('ses-1', 3, 'good')).toBeNull();
        expect((await registry.findSnapshotByLabel('ses-1', 'good'))!.version).toBe(1);
        expect(await registry.findSnapshotByLabel('ses-2', 'good')).toEqual(other);
        expect((await registry.labelSnapshot('ses-1', 1, null))!.label).toBeNull();
        expect(await registry.findSnapshotByLabel('ses-1', 'good')).toBeNull();
      });

      it('releases only what nobody stands on and nobody has labelled', async () => {
        await addSessions({ version: 2 }, { sessionId: 'ses-2' });
        const reason = 'execution';
        const versions = [
          snapshotRecord({ snapshotId: 'snap-1', version: 1, reason, label: 'mine' }),
          snapshotRecord({ snapshotId: 'snap-2', version: 2, reason }),
          snapshotRecord({ snapshotId: 'snap-3', version: 3, reason }),
          snapshotRecord({ snapshotId: 'snap-4', version: 4 }),
        ];
        await registry.apply({ sessionId: 'ses-1', newSnapshots: versions });
        expect(await registry.automaticSnapshots('ses-1')).toEqual([versions[2], versions[1]]);
        const { sessionId, version, config } = sessionRecord({ version: 2 });
        expect(await registry.sessionsWithAutomaticSnapshots('', 10)).toEqual([
          { sessionId, version, config },
        ]);
        expect(await registry.sessionsWithAutomaticSnapshots('ses-1', 10)).toEqual([]);
        const ids = ['snap-1', 'snap-2', 'snap-3', 'snap-none'];
        expect(await registry.releaseSnapshots(ids)).toEqual(['snap-3']);
        expect((await registry.listSnapshots('ses-1', { limit: 9, offset: 0 })).total).toBe(3);
      });

      it('knows all sandboxes, from the intent on', async () => {
        await addSessions({ sandbox }, { sessionId: 'ses-2', state: 'hibernated' });
        expect(await registry.sandboxes()).toEqual([sandbox]);
        await registry.apply({ sessionId: 'ses-1', session: { sandbox: null } });
        expect(await registry.sandboxes()).toEqual([]);
      });

      it('gives recovery what is not dormant, as it is by the last change', async () => {
        const recovered = async () =>
          (await registry.sessionsToRecover()).map(({ sessionId }) => sessionId);
        const states = [...sessionStates];
        await addSessions(
          ...states.map((state) => ({
            sessionId: state,
            state,
            sandbox: isDormant(state) ? null : sandbox,
          })),
          { sessionId: 'odd', state: 'creating' },
        );
        const awake = ['creating', 'idle', 'busy', 'paused'];
        expect(await recovered()).toEqual([...awake, 'deleted', 'odd']);
        for (const sessionId of awake) {
          const session = { state: 'hibernated', sandbox: null } as const;
          await registry.apply({ sessionId, session });
        }
        await registry.apply({ sessionId: 'failed', session: { state: 'creating' } });
        await registry.apply({ sessionId: 'hibernated', session: { state: 'deleted' } });
        expect(await recovered()).toEqual(['hibernated', 'failed', 'deleted', 'odd']);
      });

      it('counts the sessions of all tenants, without deleted ones', async () => {
        expect(await registry.countSessions()).toBe(0);
        await addSessions(
          {},
          { sessionId: 'ses-2', tenant: 'other', state: 'hibernated' },
          { sessionId: 'ses-3', state: 'deleted' },
        );
        expect(await registry.countSessions()).toBe(2);
        await registry.apply({ sessionId: 'ses-1', session: { state: 'deleted' } });
        expect(await registry.countSessions()).toBe(1);
      });
    });

    describe('filters', () => {
      async function found(filter: Parameters<SessionRegistry['listSessions']>[1]) {
        const { items, total } = await registry.listSessions('default', filter, everything);
        expect(total).toBe(items.length);
        return items.map((session) => session.name).toSorted();
      }

      beforeEach(async () => {
        const config = sessionRecord().config;
        await addSessions(
          {
            sessionId: 'a',
            name: 'demo-1',
            config: { ...config, labels: { team: 'red', 'a.b"c': '1' } },
          },
          {
            sessionId: 'b',
            name: 'demo-2',
            state: 'busy',
            sandbox,
            config: { ...config, labels: { team: 'reddish' } },
          },
          { sessionId: 'c', name: 'Demo-3', language: 'javascript', state: 'hibernated' },
          { sessionId: 'd', name: 'x?[y%_' },
        );
      });

      it('matches a whole name without a star, and a run of characters with one', async () => {
        expect(await found({ name: 'demo-1' })).toEqual(['demo-1']);
        expect(await found({ name: 'demo' })).toEqual([]);
        expect(await found({ name: 'demo*' })).toEqual(['demo-1', 'demo-2']);
        expect(await found({ name: '*-*' })).toEqual(['Demo-3', 'demo-1', 'demo-2']);
      });

      it('takes no character but the star for a wildcard', async () => {
        expect(await found({ name: 'x?[*' })).toEqual(['x?[y%_']);
        expect(await found({ name: 'demo-?*' })).toEqual([]);
        expect(await found({ name: 'demo-[12]*' })).toEqual([]);
        expect(await found({ name: 'dem_-1' })).toEqual([]);
        expect(await found({ name: '%' })).toEqual([]);
      });

      it('matches state, language and labels, and all of them together', async () => {
        expect(await found({ state: 'busy' })).toEqual(['demo-2']);
        expect(await found({ state: 'hibernated' })).toEqual(['Demo-3']);
        expect(await found({ state: 'failed' })).toEqual([]);
        expect(await found({ language: 'javascript' })).toEqual(['Demo-3']);
        expect(await found({ labels: { team: 'red' } })).toEqual(['demo-1']);
        expect(await found({ labels: { team: 'red*' } })).toEqual(['demo-1', 'demo-2']);
        expect(await found({ labels: { 'a.b"c': '1' } })).toEqual(['demo-1']);
        expect(await found({ labels: { team: 'red*' }, state: 'busy' })).toEqual(['demo-2']);
        expect(await found({ labels: { team: 'red', missing: '*' } })).toEqual([]);
      });

      it('matches the labels that a session has now', async () => {
        const { config } = sessionRecord();
        const change = { ...config, labels: { team: 'blue' } };
        await registry.apply({ sessionId: 'a', session: { config: change } });
        expect(await found({ labels: { team: 'red' } })).toEqual([]);
        expect(await found({ labels: { team: 'blue' } })).toEqual(['demo-1']);
        await registry.apply({ sessionId: 'b', session: { config } });
        expect(await found({ labels: { team: '*' } })).toEqual(['demo-1']);
        await registry.deleteSession('a');
        expect(await found({ labels: { team: '*' } })).toEqual([]);
        const { items } = await registry.listSessions(
          'other',
          { labels: { team: '*' } },
          everything,
        );
        expect(items).toEqual([]);
      });
    });

    describe('executions', () => {
      beforeEach(() => addSessions({}));

      it('gives back every field as it was stored and changed', async () => {
        const record = executionRecord({
          requestId: 'request-1',
          stdin: 'line\n',
          code: 'print("\\u0000 ☃");\0',
          captureOutput: false,
          interactive: true,
        });
        await addExecutions(record);
        expect(await registry.findExecution('ses-1', 'exec-1')).toEqual(record);
        const end = {
          status: 'error',
          result: { type: 'number', value: { deep: [1, null] }, preview: '…' },
          error: { type: 'TypeError', message: 'no', location: { line: 1, column: 2 } },
          truncated: true,
          usage: { cpuMs: 1.25, memoryPeakBytes: 10, outputBytes: 3 },
          warnings: [{ message: 'careful', location: { line: 1, column: 1 } }],
          startedAt: 5,
          endedAt: 7,
          durationMs: 1.75,
        } as const;
        await registry.apply({
          sessionId: 'ses-1',
          executions: [{ executionId: 'exec-1', ...end }],
        });
        await reopen();
        expect(await registry.findExecution('ses-1', 'exec-1')).toEqual({ ...record, ...end });
      });

      it('does not find an execution under another session', async () => {
        await addSessions({ sessionId: 'ses-2' });
        await addExecutions({});
        expect(await registry.findExecution('ses-2', 'exec-1')).toBeNull();
      });

      it('lists newest first, in order of insertion within one millisecond', async () => {
        await addExecutions({ executionId: 'c' }, { executionId: 'a' }, { executionId: 'b' });
        const page = await registry.listExecutions('ses-1', { limit: 2, offset: 0 });
        expect(page.items.map((execution) => execution.executionId)).toEqual(['b', 'a']);
        expect(page.total).toBe(3);
        const rest = await registry.listExecutions('ses-1', { limit: 2, offset: 2 });
        expect(rest.items.map((execution) => execution.executionId)).toEqual(['c']);
      });

      it('lists as many as fit, and one at least', async () => {
        await addExecutions(
          ...[10, 500, 30, 40].map((storedBytes) => ({
            executionId: `of ${storedBytes}`,
            storedBytes,
          })),
        );
        const listed = async (offset: number, bytesMax: number) => {
          const { items, total } = await registry.listExecutions('ses-1', {
            limit: 3,
            offset,
            bytesMax,
          });
          expect(total).toBe(4);
          return items.map(({ storedBytes }) => storedBytes);
        };
        expect(await listed(0, 1000)).toEqual([40, 30, 500]);
        expect(await listed(0, 70)).toEqual([40, 30]);
        expect(await listed(0, 69)).toEqual([40]);
        expect(await listed(2, 70)).toEqual([500]);
        expect(await listed(3, 70)).toEqual([10]);
        expect(await listed(4, 70)).toEqual([]);
      });

      it('gives recovery the queued and running ones, oldest first', async () => {
        await addExecutions(
          { executionId: 'ended', status: 'success' },
          { executionId: 'running', status: 'running' },
          { executionId: 'lost', status: 'lost' },
          { executionId: 'queued' },
        );
        const open = await registry.openExecutions('ses-1');
        expect(open.map((execution) => execution.executionId)).toEqual(['running', 'queued']);
      });

      it('gives the output of one execution in order, with its channels', async () => {
        await addExecutions({}, { executionId: 'exec-2' });
        const start = { type: 'executionStart', seq: 1, id: 'exec-1' };
        await registry.apply({
          sessionId: 'ses-1',
          events: [
            {
              ...outputEvent(1, 'exec-1', ''),
              type: 'executionStart',
              message: JSON.stringify(start),
            },
            outputEvent(2, 'exec-1', 'first\0\ud83d'),
            outputEvent(3, 'exec-2', 'not mine'),
            outputEvent(4, 'exec-1', '"type":"output"', 'stderr'),
          ],
        });
        await registry.apply({
          sessionId: 'ses-1',
          events: [outputEvent(5, 'exec-2', 'not mine'), outputEvent(6, 'exec-1', 'last')],
        });
        await reopen();
        expect(await registry.outputOf('exec-1')).toEqual([
          { channel: 'stdout', content: 'first\0\ud83d', at: 1_767_225_600_002 },
          { channel: 'stderr', content: '"type":"output"', at: 1_767_225_600_004 },
          { channel: 'stdout', content: 'last', at: 1_767_225_600_006 },
        ]);
      });
    });

    describe('changes', () => {
      beforeEach(() => addSessions({}));

      it('stores session, executions and events of one change together', async () => {
        await registry.apply({
          sessionId: 'ses-1',
          session: { state: 'busy', agentSeq: 3 },
          newExecutions: [executionRecord()],
          executions: [{ executionId: 'exec-1', status: 'running' }],
          events: [outputEvent(1, 'exec-1', 'x')],
        });
        expect(await registry.findSession('default', 'ses-1')).toMatchObject({
          state: 'busy',
          agentSeq: 3,
        });
        expect((await registry.findExecution('ses-1', 'exec-1'))?.status).toBe('running');
        expect(await registry.eventsSince('ses-1', 0, 10)).toHaveLength(1);
      });

      it('keeps of several changes of one execution the later word on each field', async () => {
        await addExecutions({});
        await registry.apply({
          sessionId: 'ses-1',
          executions: [
            { executionId: 'exec-1', status: 'running', startedAt: 5 },
            { executionId: 'exec-1', status: 'success', endedAt: 7 },
          ],
        });
        expect(await registry.findExecution('ses-1', 'exec-1')).toEqual(
          executionRecord({ status: 'success', startedAt: 5, endedAt: 7 }),
        );
      });

      it('stores nothing of a change that fails', async () => {
        await registry.apply({
          sessionId: 'ses-1',
          events: [{ ...outputEvent(1, '', ''), executionId: null }],
        });
        const change = {
          sessionId: 'ses-1',
          session: { state: 'busy' as const },
          newExecutions: [executionRecord()],
          events: [outputEvent(1, 'exec-1', 'a number twice')],
        };
        await expect(registry.apply(change)).rejects.toThrow();
        expect((await registry.findSession('default', 'ses-1'))?.state).toBe('idle');
        expect(await registry.findExecution('ses-1', 'exec-1')).toBeNull();
      });

      it('says so when the session or the execution is gone', async () => {
        const gone = { sessionId: 'ses-9' };
        const noSession = code('session_not_found');
        const noExecution = code('execution_not_found');
        await expect(registry.apply({ ...gone, session: { state: 'busy' } })).rejects.toMatchObject(
          noSession,
        );
        const orphan = executionRecord({ sessionId: 'ses-9' });
        await expect(registry.apply({ ...gone, newExecutions: [orphan] })).rejects.toMatchObject(
          noSession,
        );
        const stray = { executionId: 'exec-9', status: 'running' as const };
        await expect(
          registry.apply({ sessionId: 'ses-1', executions: [stray] }),
        ).rejects.toMatchObject(noExecution);
        await expect(
          registry.apply({ sessionId: 'ses-1', events: [outputEvent(1, 'exec-9', 'x')] }),
        ).rejects.toMatchObject(noExecution);
        await addSessions({ sessionId: 'ses-2' });
        await addExecutions({ sessionId: 'ses-2', executionId: 'exec-2' });
        await expect(
          registry.apply({ sessionId: 'ses-1', events: [outputEvent(1, 'exec-2', 'x')] }),
        ).rejects.toMatchObject(noExecution);
        await expect(
          registry.apply({ ...gone, events: [outputEvent(1, 'exec-2', 'x')] }),
        ).rejects.toMatchObject(noSession);
      });

      it('keeps changes of many callers at once apart', async () => {
        await addExecutions({});
        const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
        const results = await Promise.allSettled(
          numbers.map((seq) =>
            registry.apply({
              sessionId: 'ses-1',
              session: { agentSeq: seq },
              events: [outputEvent(seq, seq % 2 ? 'exec-1' : 'exec-missing', 'x')],
            }),
          ),
        );
        expect(results.filter((result) => result.status === 'rejected')).toHaveLength(100);
        expect((await registry.eventsSince('ses-1', 0, 1000)).map((event) => event.seq)).toEqual(
          numbers.filter((seq) => seq % 2),
        );
        expect((await registry.findSession('default', 'ses-1'))?.agentSeq).toBe(199);
      });

      it('shows and keeps what was changed before, whether or not somebody has waited for it', async () => {
        await addExecutions({});
        const changes = [1, 2, 3].map((agentSeq) =>
          registry.apply({ sessionId: 'ses-1', session: { agentSeq } }),
        );
        const seen = await registry.findSession('default', 'ses-1');
        expect(seen?.agentSeq).toBe(3);
        const later = [4, 5, 6].map((agentSeq) =>
          registry.apply({ sessionId: 'ses-1', session: { agentSeq } }),
        );
        await reopen();
        await Promise.all([...changes, ...later]);
        expect((await registry.findSession('default', 'ses-1'))?.agentSeq).toBe(6);
      });

      it('reads events from a number on, in order, as many as wanted', async () => {
        await addExecutions({});
        const events = [3, 1, 2, 4].map((seq) => outputEvent(seq, 'exec-1', `${seq}`));
        await registry.apply({ sessionId: 'ses-1', events });
        const read = await registry.eventsSince('ses-1', 1, 2);
        expect(read).toEqual([events[2], events[0]]);
      });
    });

    describe('history', () => {
      beforeEach(async () => {
        await addSessions({});
        for (const number of [1, 2, 3, 4, 5]) {
          const executionId = `exec-${number}`;
          const status = number === 2 ? 'running' : 'success';
          await registry.apply({
            sessionId: 'ses-1',
            newExecutions: [executionRecord({ executionId, status })],
            events: [
              outputEvent(number * 10, executionId, 'x'),
              { ...outputEvent(number * 10 + 1, '', ''), executionId: null },
            ],
          });
        }
      });

      async function numbersLeft() {
        const { items } = await registry.listExecutions('ses-1', everything);
        const events = await registry.eventsSince('ses-1', 0, 100);
        const session = await registry.findSession('default', 'ses-1');
        return {
          executions: items.map((execution) => execution.executionId),
          events: events.map((event) => event.seq),
          pruned: session?.seqPruned,
        };
      }

      it('prunes ended executions past the newest, with their events, and says how far', async () => {
        expect(await registry.pruneHistory('ses-1', { executions: 2, bytes: 1000 })).toBe(30);
        expect(await numbersLeft()).toEqual({
          executions: ['exec-5', 'exec-4', 'exec-2'],
          events: [20, 31, 40, 41, 50, 51],
          pruned: 30,
        });
        expect(await registry.pruneHistory('ses-1', { executions: 2, bytes: 1000 })).toBe(30);
      });

      it('prunes by size too, and keeps the newest however large it is', async () => {
        const sizes = { 'exec-1': 10, 'exec-3': 400, 'exec-4': 500, 'exec-5': 600 };
        await registry.apply({
          sessionId: 'ses-1',
          executions: Object.entries(sizes).map(([executionId, storedBytes]) => ({
            executionId,
            storedBytes,
          })),
        });
        expect(await registry.historySize('ses-1')).toEqual({ executions: 5, bytes: 1510 });
        await registry.pruneHistory('ses-1', { executions: 100, bytes: 1100 });
        expect((await numbersLeft()).executions).toEqual(['exec-5', 'exec-4', 'exec-2']);
        await registry.pruneHistory('ses-1', { executions: 100, bytes: 100 });
        expect((await numbersLeft()).executions).toEqual(['exec-5', 'exec-2']);
      });

      it('keeps the profile of an execution for as long as the execution', async () => {
        const stored = { executionId: 'exec-1', profile: executionProfile(), storedAt: 7 };
        expect(await registry.findProfile('exec-1')).toBeNull();
        await registry.apply({ sessionId: 'ses-1', newProfiles: [stored] });
        await reopen();
        expect(await registry.findProfile('exec-1')).toEqual({
          ...stored,
          firstOutputAt: expect.any(Number),
        });
        await registry.pruneHistory('ses-1', { executions: 2, bytes: 1000 });
        expect(await registry.findProfile('exec-1')).toBeNull();
      });

      it('prunes nothing while there is no more than is kept', async () => {
        expect(await registry.pruneHistory('ses-1', { executions: 5, bytes: 1000 })).toBe(0);
        expect((await numbersLeft()).executions).toHaveLength(5);
        expect((await numbersLeft()).pruned).toBe(0);
      });

      it('clears all that has ended and nothing else, and counts it', async () => {
        expect(await registry.clearHistory('ses-1')).toBe(4);
        expect(await numbersLeft()).toEqual({
          executions: ['exec-2'],
          events: [20, 51],
          pruned: 50,
        });
        expect(await registry.clearHistory('ses-1')).toBe(0);
        expect(await registry.clearHistory('ses-none')).toBe(0);
      });

      it('clears a long history', async () => {
        const newExecutions = Array.from({ length: 130 }, (_, i) =>
          executionRecord({ executionId: `many-${i}`, status: 'success' }),
        );
        await registry.apply({ sessionId: 'ses-1', newExecutions });
        expect(await registry.clearHistory('ses-1')).toBe(134);
      });
    });

    describe('idempotency keys', () => {
      const reply = { status: 201, headers: { location: '/x' }, body: '{"a":1}' };
      const claim = (hash = 'hash', now = 0) =>
        registry.claimIdempotencyKey('default POST /x', 'key', hash, now);

      it('gives the first claim the work and the next ones its answer', async () => {
        expect(await claim()).toEqual({ outcome: 'claimed' });
        expect(await claim()).toEqual({ outcome: 'inProgress' });
        await registry.storeIdempotentReply('default POST /x', 'key', reply);
        expect(await claim()).toEqual({ outcome: 'replied', reply });
        await reopen();
        expect(await claim()).toEqual({ outcome: 'replied', reply });
      });

      it('refuses the key for another request', async () => {
        await claim();
        expect(await claim('other')).toEqual({ outcome: 'conflict' });
      });

      it('keeps scopes and keys apart', async () => {
        await claim();
        expect(
          (await registry.claimIdempotencyKey('other POST /x', 'key', 'hash', 0)).outcome,
        ).toBe('claimed');
        expect(
          (await registry.claimIdempotencyKey('default POST /x', 'key2', 'hash', 0)).outcome,
        ).toBe('claimed');
      });

      it('passes to the next process when the first one ended before it made anything', async () => {
        await claim();
        await reopen();
        expect(await claim('other')).toEqual({ outcome: 'conflict' });
        expect(await claim()).toEqual({ outcome: 'claimed' });
        expect(await claim()).toEqual({ outcome: 'inProgress' });
      });

      it('knows what was made by a process that ended before it answered', async () => {
        const effect = { scope: 'default POST /x', key: 'key', made: 'ses-1' };
        await claim();
        await registry.createSession(sessionRecord(), effect);
        await reopen();
        expect(await claim()).toEqual({ outcome: 'cutOff', made: 'ses-1' });
        await registry.addSnapshot(snapshotRecord(), { ...effect, made: 'snap-1' });
        expect(await claim()).toEqual({ outcome: 'cutOff', made: 'snap-1' });
        await registry.apply({ sessionId: 'ses-1', effect: { ...effect, made: 'exec-1' } });
        expect(await claim()).toEqual({ outcome: 'cutOff', made: 'exec-1' });
      });

      it('knows nothing of what was refused together with its key', async () => {
        const effect = { scope: 'default POST /x', key: 'key', made: 'exec-1' };
        await claim();
        const refused = registry.apply({ sessionId: 'ses-none', session: { name: 'a' }, effect });
        await expect(refused).rejects.toMatchObject(code('session_not_found'));
        await reopen();
        expect((await claim()).outcome).toBe('claimed');
      });

      it('is not free again while there is something that was made', async () => {
        const effect = { scope: 'default POST /x', key: 'key', made: 'ses-1' };
        await claim();
        await registry.createSession(sessionRecord(), effect);
        await registry.releaseIdempotencyKey('default POST /x', 'key', { undone: false });
        expect(await claim()).toEqual({ outcome: 'cutOff', made: 'ses-1' });
        await registry.releaseIdempotencyKey('default POST /x', 'key', { undone: true });
        expect(await claim()).toEqual({ outcome: 'claimed' });
      });

      it('lets a released key be claimed again, but never one that was answered', async () => {
        await claim();
        await registry.releaseIdempotencyKey('default POST /x', 'key', { undone: false });
        expect(await claim()).toEqual({ outcome: 'claimed' });
        await registry.storeIdempotentReply('default POST /x', 'key', reply);
        await registry.releaseIdempotencyKey('default POST /x', 'key', { undone: true });
        expect((await claim()).outcome).toBe('replied');
      });

      it('forgets a key after 24 hours and not before', async () => {
        await claim();
        expect((await claim('hash', 24 * hourMs - 1)).outcome).toBe('inProgress');
        expect((await claim('hash', 24 * hourMs)).outcome).toBe('claimed');
      });
    });

    describe('itself', () => {
      it('keeps small facts', async () => {
        expect(await registry.readFact('instance')).toBeNull();
        await registry.writeFact('instance', 'one');
        await registry.writeFact('instance', 'two');
        await reopen();
        expect(await registry.readFact('instance')).toBe('two');
      });

      it('is durable and healthy after writes, and when nothing was written', async () => {
        await registry.durable();
        await addSessions({});
        await Promise.all([registry.durable(), registry.durable()]);
        await registry.check();
      });

      it('refuses everything after it was closed', async () => {
        await registry.close();
        await expect(addSessions({})).rejects.toMatchObject(code('registry_unavailable'));
        await expect(registry.sessionsToRecover()).rejects.toMatchObject(
          code('registry_unavailable'),
        );
        await registry.close();
      });
    });
  });
}

function code(expected: AppError['code']) {
  return { name: 'AppError', code: expected };
}
