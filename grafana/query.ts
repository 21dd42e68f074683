// Queries over the metrics of the service, so that a name that is not declared does not compile.
import type { MetricName } from '../src/orchestrator/metrics/declarations.ts';

/** Those of the process come from the client library. */
type Name = MetricName | `cellar_process_${string}` | `cellar_nodejs_${string}`;

/** One metric of the chosen instances; `labels` as in `state="idle"`. */
export function of(name: Name, labels = ''): string {
  return `${name}${selector(labels)}`;
}

/** Per second. */
export function rate(name: Name, labels = ''): string {
  return `rate(${of(name, labels)}[$__rate_interval])`;
}

export function sum(by: readonly string[], expression: string): string {
  return by.length === 0 ? `sum(${expression})` : `sum by (${by.join(', ')}) (${expression})`;
}

/** Of a histogram; `by` are labels to keep. */
export function quantile(share: number, name: MetricName, by: readonly string[] = []): string {
  const buckets = `rate(${name}_bucket${selector('')}[$__rate_interval])`;
  return `histogram_quantile(${share}, ${sum(['le', ...by], buckets)})`;
}

/** How many a histogram counted, per second. */
export function countRate(name: MetricName, by: readonly string[] = []): string {
  return sum(by, `rate(${name}_count${selector('')}[$__rate_interval])`);
}

function selector(labels: string): string {
  return `{${['instance=~"$instance"', labels].filter((part) => part !== '').join(', ')}}`;
}
