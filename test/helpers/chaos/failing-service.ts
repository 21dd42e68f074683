// The service that is killed again and again, its engine that can be cut off, and what its clients see of that: a request has an
// answer, or was cut off by a kill.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineProxy } from '../engine-proxy.ts';
import { compileCache, docker, type Reply, type Service, startService } from '../start-service.ts';
import { BrokenPromise } from './session-model.ts';

/** Nothing hangs: an answer, of whatever kind, takes no longer. */
const answerMsMax = 90_000;
const patienceMs = 180_000;
const pollMs = 50;

export class FailingService implements AsyncDisposable {
  readonly service: Service;
  readonly #proxy: EngineProxy;
  #up: Promise<void> = Promise.resolve();
  /** SIGKILLs so far, of the service and of containers. */
  kills = 0;
  #downs = 0;

  private constructor(service: Service, proxy: EngineProxy) {
    this.service = service;
    this.#proxy = proxy;
  }

  static async start(): Promise<FailingService> {
    const isFirst = !existsSync(compileCache);
    const proxy = await EngineProxy.open();
    try {
      const service = await startService({
        DOCKER_HOST: proxy.host,
        CELLAR_LOG_LEVEL: 'info',
        CELLAR_RECONCILE_INTERVAL_MS: '1000',
        CELLAR_ORPHAN_GRACE_MS: '3000',
        CELLAR_SNAPSHOT_CLEANING_MS: '1000',
        CELLAR_POOL_MIN: '1',
        CELLAR_POOL_MAX: '1',
      });
      // A process that is killed leaves nothing there.
      if (isFirst) {
        await service.kill('SIGTERM');
        await service.start();
      }
      return new FailingService(service, proxy);
    } catch (error) {
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
  }

  // --- clients ------------------------------------------------------------------------------------------------------

  /** Null: the connection broke, for the service was killed. While it is down nobody asks. */
  async ask(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply | null> {
    await this.#up;
    const downs = this.#downs;
    const deadline = AbortSignal.timeout(answerMsMax);
    const late = new Promise<never>((_, reject) => {
      deadline.onabort = () =>
        reject(new BrokenPromise(`${method} ${path} has no answer within ${answerMsMax} ms`));
    });
    try {
      return await Promise.race([this.service.request(method, path, body, headers), late]);
    } catch (error) {
      if (error instanceof BrokenPromise) throw error;
      if (this.#downs !== downs) return null;
      throw new BrokenPromise(`${method} ${path} has no answer, but nobody killed the service`, {
        cause: error,
      });
    } finally {
      deadline.onabort = null;
    }
  }

  /** Asks until something fits that is neither a broken connection nor one of the errors that are worth trying again. */
  async answer(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Reply> {
    return until(`${method} ${path} answered for good`, async () => {
      const reply = await this.ask(method, path, body, headers);
      return reply !== null && !isTransient(reply) ? reply : null;
    });
  }

  /** Resolves when the service listens. */
  get up(): Promise<void> {
    return this.#up;
  }

  // --- faults -------------------------------------------------------------------------------------------------------

  /** Kills the service; each of `cutOffMs`: a start that is killed after so long; then it starts for good. `meanwhile` happens while it is down. */
  async restart(cutOffMs: readonly number[] = [], meanwhile = async () => {}): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {});
    this.#up = promise;
    this.#downs++;
    try {
      await this.#kill();
      await meanwhile();
      for (const cutOff of cutOffMs) {
        const started = this.service.start().catch(() => {});
        await delay(cutOff);
        await this.#kill();
        await started;
      }
      await this.service.start();
      resolve();
    } catch (error) {
      reject(error);
      throw error;
    }
  }

  async #kill(): Promise<void> {
    this.kills++;
    await this.service.kill('SIGKILL');
  }

  cutEngine(): Promise<void> {
    return this.#proxy.cut();
  }

  connectEngine(): Promise<void> {
    return this.#proxy.connect();
  }

  /** Kills the container that the session has, or is to have. `about` is called before it. */
  async killContainer(sessionId: string, about: () => void): Promise<void> {
    const sandboxId = this.#sandboxOf(sessionId);
    const container = (await this.service.containers()).find(
      ({ Labels, State }) => Labels['cellar.sandbox'] === sandboxId && State === 'running',
    );
    if (!container) return;
    about();
    try {
      await docker.getContainer(container.Id).kill();
      this.kills++;
    } catch (error) {
      // It went in the meantime.
      const { statusCode } = error as { statusCode?: number };
      if (statusCode !== 404 && statusCode !== 409) throw error;
    }
  }

  /** As the registry has it, for the service may be down. */
  #sandboxOf(sessionId: string): string | null {
    const database = new DatabaseSync(join(this.service.dataDirectory, 'registry.db'), {
      readOnly: true,
    });
    try {
      const row = database
        .prepare('SELECT sandbox FROM session WHERE sessionId = ?')
        .get(sessionId);
      return row?.sandbox ? JSON.parse(String(row.sandbox)).sandboxId : null;
    } finally {
      database.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.service[Symbol.asyncDispose]();
    await this.#proxy[Symbol.asyncDispose]();
  }
}

/** Trying again may help. */
export function isTransient({ status, body }: Reply): boolean {
  return status >= 500 || status === 429 || body.code === 'idempotency_in_progress';
}

/** Looks until there is something. `what`: the promise that is broken when nothing comes. */
export async function until<Found>(
  what: string,
  look: () => Promise<Found | null | undefined>,
): Promise<Found> {
  for (const deadline = performance.now() + patienceMs; ; ) {
    const found = await look();
    if (found !== null && found !== undefined) return found;
    if (performance.now() > deadline)
      throw new BrokenPromise(`not within ${patienceMs} ms: ${what}`);
    await delay(pollMs);
  }
}
