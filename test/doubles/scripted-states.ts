// Versions of sessions as a test wants them: for tests of the API only.
import { randomBytes } from 'node:crypto';
import { AppError } from '../../src/orchestrator/foundation/errors.ts';
import type {
  IdempotencyKey,
  RequestEffect,
  SnapshotRecord,
} from '../../src/orchestrator/registry/records.ts';
import type { Listing, Page } from '../../src/orchestrator/registry/session-registry.ts';
import type { VersionChoice } from '../../src/orchestrator/sessions/snapshots.ts';
import type { Archive, States } from '../../src/orchestrator/sessions/state-service.ts';
import { collect } from '../helpers/archives.ts';
import { snapshotRecord } from '../helpers/records.ts';
import type { Call } from './scripted-sessions.ts';

export class ScriptedStates implements States {
  readonly calls: Call[] = [];
  /** What the next call throws. */
  failure: AppError | null = null;
  content = Buffer.from('the content of a snapshot');
  /** Archives are without end, and no two pieces alike. */
  endless = false;
  /** Told what a request with an idempotency key has made. */
  tookEffect: (effect: RequestEffect) => void = () => {};

  callsOf(method: string): readonly unknown[][] {
    return this.calls.filter((call) => call.method === method).map(({ given }) => [...given]);
  }

  async take(
    tenant: string,
    idOrName: string,
    label: string | null,
    _signal: AbortSignal,
    idempotencyKey?: IdempotencyKey,
  ): Promise<SnapshotRecord> {
    this.#called('take', tenant, idOrName, label);
    const taken = snapshotRecord({ label, version: 3, parent: 2 });
    return this.#made(taken, idempotencyKey);
  }

  async list(tenant: string, idOrName: string, page: Page): Promise<Listing<SnapshotRecord>> {
    this.#called('list', tenant, idOrName, page);
    return { items: [snapshotRecord({ version: 2 }), snapshotRecord()], total: 2 };
  }

  async find(tenant: string, idOrName: string, version: number): Promise<SnapshotRecord> {
    this.#called('find', tenant, idOrName, version);
    return snapshotRecord({ version });
  }

  async label(
    tenant: string,
    idOrName: string,
    version: number,
    label: string | null,
  ): Promise<SnapshotRecord> {
    this.#called('label', tenant, idOrName, version, label);
    return snapshotRecord({ version, label });
  }

  async remove(tenant: string, idOrName: string, version: number): Promise<void> {
    this.#called('remove', tenant, idOrName, version);
  }

  async listAll(tenant: string, page: Page): Promise<Listing<SnapshotRecord>> {
    this.#called('listAll', tenant, page);
    return { items: [snapshotRecord({ sessionId: null, version: null })], total: 1 };
  }

  async findById(tenant: string, snapshotId: string): Promise<SnapshotRecord> {
    this.#called('findById', tenant, snapshotId);
    return snapshotRecord({ snapshotId });
  }

  async removeById(tenant: string, snapshotId: string): Promise<void> {
    this.#called('removeById', tenant, snapshotId);
  }

  async archive(tenant: string, idOrName: string, version: number): Promise<Archive> {
    this.#called('archive', tenant, idOrName, version);
    const { content, endless } = this;
    return {
      record: snapshotRecord({ version }),
      content: (async function* () {
        yield content;
        while (endless) yield randomBytes(64 * 1024);
      })(),
    };
  }

  async rollback(tenant: string, idOrName: string, wanted: VersionChoice): Promise<void> {
    this.#called('rollback', tenant, idOrName, wanted);
  }

  async hibernate(tenant: string, idOrName: string): Promise<void> {
    this.#called('hibernate', tenant, idOrName);
  }

  async pause(tenant: string, idOrName: string): Promise<void> {
    this.#called('pause', tenant, idOrName);
  }

  async resume(tenant: string, idOrName: string): Promise<void> {
    this.#called('resume', tenant, idOrName);
  }

  origin(): never {
    throw new AppError('internal');
  }

  async import(
    tenant: string,
    language: string,
    content: AsyncIterable<Uint8Array>,
    label: string | null,
    _signal: AbortSignal,
    idempotencyKey?: IdempotencyKey,
  ): Promise<SnapshotRecord> {
    this.#called('import', tenant, language, (await collect(content)).toString(), label);
    const unbound = { sessionId: null, version: null, label, reason: 'imported' } as const;
    return this.#made(snapshotRecord(unbound), idempotencyKey);
  }

  #made(record: SnapshotRecord, idempotencyKey: IdempotencyKey | undefined): SnapshotRecord {
    if (idempotencyKey) this.tookEffect({ ...idempotencyKey, made: record.snapshotId });
    return record;
  }

  #called(method: string, ...given: unknown[]): void {
    this.calls.push({ method, given });
    if (this.failure) throw this.failure;
  }
}
