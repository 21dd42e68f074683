import { expect, it } from 'vitest';
import { metricsFormat } from '../../../src/orchestrator/api/metrics-format.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { Metrics } from '../../../src/orchestrator/metrics/metrics.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';

function metricsOf(traced: boolean): Metrics {
  const parts = { clock: new FakeClock(), log: createLog('silent') };
  const metrics = new Metrics({ version: '1', groups: { read: () => null }, traced, ...parts });
  const ended = {
    type: 'executionEnded',
    tenant: 'acme',
    sessionId: 'ses-1',
    status: 'success',
    error: null,
    truncated: false,
    dispatched: true,
    ms: 4,
  } as const;
  metrics.observe({ ...ended, ...(traced ? { traceId } : {}) });
  metrics.observe({ ...ended, ms: 5 });
  return metrics;
}

/** Without what the process measures of itself. */
const ours = (text: string) =>
  text.split('\n').filter((line) => line !== '' && !/cellar_(process|nodejs)_/.test(line));

it('the text is the same whether anything is traced or not, also after somebody took the other format', async () => {
  const [traced, untraced] = [metricsOf(true), metricsOf(false)];
  const [text, open, again] = await Promise.all([
    traced.read(),
    traced.read('openMetrics'),
    traced.read(),
  ]);
  expect(text.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(ours(text.text)).toEqual(ours((await untraced.read()).text));
  expect(again).toBe(text);
  expect(ours((await traced.read()).text)).toEqual(ours(text.text));
  expect(open.contentType).toBe('application/openmetrics-text; version=1.0.0; charset=utf-8');
});

it('OpenMetrics have the trace of an observation, where it has one', async () => {
  const { text } = await metricsOf(true).read('openMetrics');
  const exemplars = text.split('\n').filter((line) => line.includes(' # {'));
  expect(exemplars).toHaveLength(1);
  expect(exemplars[0]).toMatch(
    /^cellar_execution_duration_seconds_bucket\{.*le="0.005".*\} 2 # \{trace_id="4bf92f3577b34da6a3ce929d0e0e4736"\} 0.004 \d+/,
  );
  expect(text).toContain('# TYPE cellar_executions counter');
  expect(text).toContain('cellar_executions_total{');
  expect(text.endsWith('# EOF\n')).toBe(true);
});

it('where nothing is traced there is text alone', async () => {
  const untraced = metricsOf(false);
  expect(await untraced.read('openMetrics')).toEqual(
    expect.objectContaining({ contentType: 'text/plain; version=0.0.4; charset=utf-8' }),
  );
});

it.each([
  [undefined, 'text'],
  ['*/*', 'text'],
  ['text/plain', 'text'],
  ['application/openmetrics-text', 'openMetrics'],
  [
    'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.4,*/*;q=0.1',
    'openMetrics',
  ],
  ['text/plain;version=0.0.4;q=0.6, Application/OpenMetrics-Text; version=1.0.0; q=0.5', 'text'],
  ['application/openmetrics-text;q=0', 'text'],
  ['application/openmetrics-text;q=nonsense', 'text'],
])('%s is answered with %s', (accept, format) => {
  expect(metricsFormat(accept)).toBe(format);
});
