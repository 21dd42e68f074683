// A service with a full pool, and how to wait until it is full again.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Service, startService } from '../../test/helpers/start-service.ts';
import { ServiceClient } from './service-client.ts';

const fullMsMax = 120_000;
const pollMs = 20;

export class WarmService implements AsyncDisposable {
  readonly #service: Service;
  readonly #size: number;
  #taken = 0;

  private constructor(service: Service, size: number) {
    this.#service = service;
    this.#size = size;
  }

  /** `size`: how many sandboxes wait. */
  static async start(size: number): Promise<WarmService> {
    const service = await startService({
      // Each sandbox that waits is told of at this level.
      CELLAR_LOG_LEVEL: 'debug',
      CELLAR_POOL_MIN: String(size),
      CELLAR_POOL_MAX: String(size),
    });
    return new WarmService(service, size);
  }

  client(): ServiceClient {
    return new ServiceClient(this.#service.url, this.#service.key);
  }

  /** So many sandboxes will have been taken when it is full the next time. */
  took(count: number): void {
    this.#taken += count;
  }

  /** Throws the signal's reason, or after two minutes. */
  async full(signal: AbortSignal): Promise<void> {
    const deadline = performance.now() + fullMsMax;
    while (this.#waited() < this.#size + this.#taken) {
      if (performance.now() > deadline) throw new Error(`the pool is not full`);
      await sleep(pollMs, undefined, { signal });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service[Symbol.asyncDispose]();
  }

  #waited(): number {
    return this.#service.log.split('"msg":"sandbox waits"').length - 1;
  }
}
