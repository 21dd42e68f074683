// What the service under measurement says of its own work: how long a state took to store or to restore is not to be seen
// from outside. It must log at the level `debug`.
import type { Service } from '../../test/helpers/start-service.ts';

const waitMsMax = 10_000;
const lookMs = 5;

/** `at`: milliseconds since 1970 at the end of the work. */
export type LoggedWork = {
  readonly at: number;
  readonly durationMs: number;
  readonly sizeBytes: number;
  /** Bytes that storing it has added; 0 when it was restored. */
  readonly storedBytes: number;
};

export class ServiceLog {
  readonly #service: Pick<Service, 'log'>;
  #position = 0;

  constructor(service: Pick<Service, 'log'>) {
    this.#service = service;
  }

  /** The next such line about the session, after those that were asked for before. Throws when none comes. */
  async next(message: 'state stored' | 'state restored', sessionId: string): Promise<LoggedWork> {
    const deadline = performance.now() + waitMsMax;
    while (performance.now() < deadline) {
      const end = this.#service.log.indexOf('\n', this.#position);
      if (end < 0) {
        await new Promise((resolve) => setTimeout(resolve, lookMs));
        continue;
      }
      const line = this.#service.log.slice(this.#position, end);
      this.#position = end + 1;
      const { time, ...fact } = JSON.parse(line) as Record<string, unknown>;
      if (fact.msg !== message || fact.sessionId !== sessionId) continue;
      return {
        storedBytes: 0,
        ...(fact as Omit<LoggedWork, 'at' | 'storedBytes'>),
        at: time as number,
      };
    }
    throw new Error(`the service did not log '${message}' of ${sessionId}`);
  }
}
