// The declared metrics as things that count. SECURITY: whatever a label is given, it has no more values than it was declared with, so
// that nobody can fill the memory of the service, or of who collects from it, with names of their own.
import {
  Counter,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
} from 'prom-client';
import { type Declaration, isClosed, otherValue } from './declaration.ts';
import { declarations, type MetricName } from './declarations.ts';

type NamesOf<Kind extends Declaration['kind']> = {
  [Name in MetricName]: (typeof declarations)[Name]['kind'] extends Kind ? Name : never;
}[MetricName];

type LabelsOf<Name extends MetricName> = {
  readonly [Label in keyof (typeof declarations)[Name]['labels']]: string;
};

export type MetricsText = { readonly contentType: string; readonly text: string };

/** A metric whose labels have at most so many combinations has them all from the beginning. */
const preparedMax = 100;

export class Instruments {
  readonly #registry: Registry<PrometheusContentType | OpenMetricsContentType> = new Registry();
  /** Observations are kept with the traces that they belong to. */
  readonly #exemplars: boolean;
  readonly #counters = new Map<string, Counter>();
  readonly #gauges = new Map<string, Gauge>();
  readonly #histograms = new Map<string, Histogram>();
  readonly #values = new Map<string, { readonly values: Set<string>; readonly countMax: number }>();
  /** Of counters that follow a total, as last seen. */
  readonly #totals = new Map<string, number>();

  constructor({ exemplars = false }: { readonly exemplars?: boolean } = {}) {
    this.#exemplars = exemplars;
    // The library makes metrics with exemplars in such a registry only.
    if (exemplars) this.#registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
    for (const [name, declaration] of Object.entries<Declaration>(declarations)) {
      for (const [label, values] of Object.entries(declaration.labels))
        this.#values.set(
          keyOf(name, label),
          isClosed(values)
            ? { values: new Set(values), countMax: 0 }
            : { values: new Set(), countMax: values.countMax },
        );
      this.#declare(name, declaration);
    }
    collectDefaultMetrics({ register: this.#registry as Registry, prefix: 'cellar_' });
    this.#registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
  }

  /** In Prometheus' text format, the same whether anything is traced or not. One of the formats may be asked for at a time. */
  async text(): Promise<MetricsText> {
    const { contentType } = this.#registry;
    return { contentType, text: await this.#registry.metrics() };
  }

  /** As OpenMetrics, with exemplars; null where nothing is traced. */
  async openMetrics(): Promise<MetricsText | null> {
    if (!this.#exemplars) return null;
    const contentType = Registry.OPENMETRICS_CONTENT_TYPE;
    const metrics = this.#registry.getMetricsAsArray();
    const names = metrics.map(({ name }) => name);
    this.#registry.setContentType(contentType);
    try {
      return { contentType, text: await this.#registry.metrics() };
    } finally {
      this.#registry.setContentType(Registry.PROMETHEUS_CONTENT_TYPE);
      // The library takes `_total` off the names of counters for good.
      for (const [index, metric] of metrics.entries()) metric.name = names[index]!;
    }
  }

  add<Name extends NamesOf<'counter' | 'gauge'>>(name: Name, labels: LabelsOf<Name>, by = 1): void {
    const bounded = this.#bounded(name, labels);
    const gauge = this.#gauges.get(name);
    if (gauge) gauge.inc(bounded, by);
    else this.#counters.get(name)!.inc(bounded, by);
  }

  set<Name extends NamesOf<'gauge'>>(name: Name, labels: LabelsOf<Name>, value: number): void {
    this.#gauges.get(name)!.set(this.#bounded(name, labels), value);
  }

  /** Brings a counter to a total that another part keeps; totals never fall. */
  follow<Name extends NamesOf<'counter'>>(name: Name, labels: LabelsOf<Name>, total: number): void {
    const key = keyOf(name, ...Object.values<string>(labels));
    const before = this.#totals.get(key) ?? 0;
    this.#totals.set(key, total);
    this.add(name, labels, Math.max(0, total - before));
  }

  observe<Name extends NamesOf<'histogram'>>(
    name: Name,
    labels: LabelsOf<Name>,
    value: number,
    traceId?: string,
  ): void {
    const histogram = this.#histograms.get(name)!;
    const bounded = this.#bounded(name, labels);
    if (!this.#exemplars) histogram.observe(bounded, value);
    else
      histogram.observe({
        labels: bounded,
        value,
        ...(traceId === undefined ? {} : { exemplarLabels: { trace_id: traceId } }),
      });
  }

  /** One value of a label is not in use any more: its series go, and another value may take its place. */
  forget(name: NamesOf<'counter' | 'gauge'>, labels: Readonly<Record<string, string>>): void {
    (this.#gauges.get(name) ?? this.#counters.get(name))!.remove({ ...labels });
    for (const [label, value] of Object.entries(labels)) {
      const { values, countMax } = this.#values.get(keyOf(name, label))!;
      if (countMax > 0) values.delete(value);
    }
  }

  #bounded(name: string, labels: Readonly<Record<string, string>>): Record<string, string> {
    const bounded: Record<string, string> = {};
    for (const label in labels) {
      const value = labels[label]!;
      const { values, countMax } = this.#values.get(keyOf(name, label))!;
      if (values.size < countMax && value !== otherValue) values.add(value);
      bounded[label] = values.has(value) ? value : otherValue;
    }
    return bounded;
  }

  #declare(name: string, { kind, help, labels, buckets = [] }: Declaration): void {
    const labelNames = Object.keys(labels);
    const options = { name, help, labelNames, registers: [this.#registry as Registry] };
    const prepared = combinations(labels);
    switch (kind) {
      case 'counter': {
        const counter = new Counter(options);
        this.#counters.set(name, counter);
        for (const one of prepared) counter.inc(one, 0);
        return;
      }
      case 'gauge': {
        const gauge = new Gauge(options);
        this.#gauges.set(name, gauge);
        for (const one of prepared) gauge.set(one, 0);
        return;
      }
      case 'histogram': {
        const enableExemplars = this.#exemplars;
        const histogram = new Histogram({ ...options, buckets: [...buckets], enableExemplars });
        this.#histograms.set(name, histogram);
        for (const one of prepared) histogram.zero(one);
      }
    }
  }
}

/** All that labels can be, where that is known and little; so the first event is a change of a series, which a rate shows. */
function combinations(labels: Declaration['labels']): Record<string, string>[] {
  let all: Record<string, string>[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (!isClosed(values)) return [];
    all = all.flatMap((one) => values.map((value) => ({ ...one, [label]: value })));
    if (all.length > preparedMax) return [];
  }
  return all;
}

function keyOf(...parts: readonly string[]): string {
  return parts.join('\n');
}
