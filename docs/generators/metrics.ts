// docs/reference/metrics.md: every metric that the service exports.
import { collectDefaultMetrics, Registry } from 'prom-client';
import {
  type Declaration,
  isClosed,
  type LabelValues,
} from '../../src/orchestrator/metrics/declaration.ts';
import { declarations } from '../../src/orchestrator/metrics/declarations.ts';
import { generatedNote, table } from './table.ts';

export function metricsReference(): string {
  const rows = Object.entries<Declaration>(declarations).map(
    ([name, { kind, unit, labels, help }]) => [
      `\`${name}\``,
      kind,
      unit,
      Object.entries(labels).map(labelText).join('<br>') || 'none',
      help,
    ],
  );
  return `${generatedNote}
# Metrics

What \`GET /metrics\` gives, in Prometheus’ text format. Where and for whom: [operations](../operations.md#metrics). Every label has a
bounded number of values; what is none of those named here is \`other\`. Counters begin at 0 with the process.

${table(['Metric', 'Kind', 'Unit', 'Labels', 'Meaning'], rows)}
## The process

Of the service’s own process, by the client library: the processor, memory, descriptors, event loop and garbage collector of Node.js.

${table(['Metric', 'Kind', 'Labels', 'Meaning'], processRows())}`;
}

function labelText([label, values]: [string, LabelValues]): string {
  if (!isClosed(values)) return `\`${label}\`: ${values.what}`;
  return `\`${label}\`: ${values.map((value) => `\`${value}\``).join(', ')}`;
}

function processRows(): string[][] {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'cellar_' });
  const rows = registry.getMetricsAsArray().map((metric) => {
    const { name, type, help, labelNames } = metric as typeof metric & {
      readonly labelNames?: readonly string[];
    };
    const labels = (labelNames ?? []).map((label) => `\`${label}\``).join(', ');
    return [`\`${name}\``, String(type), labels || 'none', help];
  });
  registry.clear();
  return rows.toSorted(([one], [other]) => (one! < other! ? -1 : 1));
}
