// The metrics of the service: counts what its parts tell, and asks the others for what they count themselves when somebody collects.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { ServiceEvent } from '../foundation/observe.ts';
import type { ControlGroups } from './control-groups.ts';
import { countEvent } from './count-event.ts';
import { type Figures, setFigures } from './figures.ts';
import { Instruments } from './instruments.ts';
import { SandboxUse } from './sandbox-use.ts';

export type MetricsOptions = {
  /** Of this program. */
  readonly version: string;
  readonly groups: Pick<ControlGroups, 'read'>;
  readonly clock: Clock;
  readonly log: Log;
};

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #instruments = new Instruments();
  readonly #use: SandboxUse;
  #figures: Figures | null = null;
  #reading: Promise<string> | null = null;

  constructor(options: MetricsOptions) {
    this.#options = options;
    const { version, groups, clock } = options;
    this.#use = new SandboxUse({ instruments: this.#instruments, groups, clock });
    this.#instruments.set('cellar_build_info', { version, node: process.version }, 1);
  }

  /** Counts what happened. Never throws: figures are not worth an execution. */
  readonly observe = (event: ServiceEvent): void => {
    try {
      countEvent({ instruments: this.#instruments, use: this.#use }, event);
    } catch (error) {
      this.#options.log.error({ err: error, event: event.type }, 'an event could not be counted');
    }
  };

  /** From now on these are asked too. */
  attach(figures: Figures): void {
    this.#figures = figures;
  }

  /** As they are served: the token opens them. */
  withToken(token: string | null) {
    return { token, contentType: this.#instruments.registry.contentType, read: () => this.read() };
  }

  /** Everything, in Prometheus' text format. Who asks while another is being served gets the same. */
  read(): Promise<string> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #read(): Promise<string> {
    if (this.#figures) await setFigures(this.#instruments, this.#figures);
    this.#use.collect();
    return await this.#instruments.registry.metrics();
  }
}
