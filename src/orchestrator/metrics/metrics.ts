// The metrics of the service: counts what its parts tell, and asks the others for what they count themselves when somebody collects.
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import type { ServiceEvent } from '../foundation/observe.ts';
import type { ControlGroups } from './control-groups.ts';
import { countEvent } from './count-event.ts';
import { type Figures, setFigures } from './figures.ts';
import { Instruments, type MetricsText } from './instruments.ts';
import { SandboxUse } from './sandbox-use.ts';

export type MetricsOptions = {
  /** Of this program. */
  readonly version: string;
  readonly groups: Pick<ControlGroups, 'read'>;
  /** Requests are traced: OpenMetrics are to be had too, with the traces that belong to some figures. */
  readonly traced?: boolean;
  readonly clock: Clock;
  readonly log: Log;
};

export class Metrics {
  readonly #options: MetricsOptions;
  readonly #instruments: Instruments;
  readonly #use: SandboxUse;
  #figures: Figures | null = null;
  readonly #reading = new Map<Format, Promise<MetricsText>>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MetricsOptions) {
    this.#options = options;
    const { version, groups, clock, traced = false } = options;
    this.#instruments = new Instruments({ exemplars: traced });
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
    return { token, read: (format?: Format) => this.read(format) };
  }

  /**
   * Everything, in the format that is asked for; as text where there is no other. Who asks while another is being served gets the same.
   */
  read(format: Format = 'text'): Promise<MetricsText> {
    const under = this.#reading.get(format);
    if (under) return under;
    // One after another: the formats share what they are made from.
    const reading = this.#last
      .then(() => this.#read(format))
      .finally(() => this.#reading.delete(format));
    this.#reading.set(format, reading);
    this.#last = reading.catch(() => {});
    return reading;
  }

  async #read(format: Format): Promise<MetricsText> {
    if (this.#figures) await setFigures(this.#instruments, this.#figures);
    this.#use.collect();
    const open = format === 'openMetrics' ? await this.#instruments.openMetrics() : null;
    return open ?? (await this.#instruments.text());
  }
}

type Format = 'text' | 'openMetrics';
