// Every query of every dashboard and rule, by a real Prometheus that collects from a service with something to do.
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { boards } from '../../grafana/generate.ts';
import { metricsIn, queriesOf, recordedNames } from '../helpers/queries.ts';
import { Prometheus } from '../helpers/start-prometheus.ts';
import { type Service, startService } from '../helpers/start-service.ts';

const pollMsMax = 90_000;
const stop = new AbortController();

let service: Service;
let prometheus: Prometheus;
let load: Promise<void>;

beforeAll(async () => {
  service = await startService({ CELLAR_METRICS_PORT: '0' });
  await vi.waitUntil(() => service.output.includes('Metrics: http'), { timeout: pollMsMax });
  prometheus = await Prometheus.start(/Metrics: http:\/\/(\S+)\/metrics/.exec(service.output)![1]!);
  load = work();
}, 120_000);

afterAll(async () => {
  stop.abort();
  await load;
  await prometheus?.[Symbol.asyncDispose]();
  await service?.[Symbol.asyncDispose]();
});

/** Sessions come, run, sleep, wake and go, until it is enough. */
async function work(): Promise<void> {
  while (!stop.signal.aborted) {
    const { id } = await service.createSession();
    const client = await service.live(id);
    for (const code of ['print(1)', 'missing', 'kept = [1, 2]']) await service.execute(id, code);
    const post = (what: string) => service.request('POST', `/api/sessions/${id}/${what}`, {});
    await post('snapshots');
    await post('pause');
    await service.execute(id, 'kept');
    await post('hibernate');
    await service.execute(id, 'kept');
    client.close();
    await service.request('DELETE', `/api/sessions/${id}?force=true`);
    // The machine is for others too.
    await pause(200);
  }
}

/** As Grafana would ask it. */
function asked(expression: string): string {
  return expression.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m');
}

describe('a dashboard', () => {
  it.each(queriesOf(boards))(
    '$panel shows something: $expression',
    { timeout: pollMsMax + 10_000 },
    async ({ expression }) => {
      await expect
        .poll(async () => (await prometheus.query(asked(expression))).length, {
          timeout: pollMsMax,
          interval: 500,
        })
        .toBeGreaterThan(0);
    },
  );

  it('shows numbers: latencies of what was done are known', {
    timeout: pollMsMax + 10_000,
  }, async () => {
    for (const name of ['session_create', 'session_wake', 'execution', 'execution_first_output'])
      await expect
        .poll(
          async () => {
            const samples = await prometheus.query(`cellar:${name}_seconds:p95_5m`);
            return samples.some(({ value }) => Number(value[1]) > 0);
          },
          { timeout: pollMsMax, interval: 500 },
        )
        .toBe(true);
  });
});

describe('a rule', () => {
  it.each(recordedNames())(
    '%s computes something',
    { timeout: pollMsMax + 10_000 },
    async (name) => {
      await expect
        .poll(async () => (await prometheus.query(name)).length, {
          timeout: pollMsMax,
          interval: 500,
        })
        .toBeGreaterThan(0);
    },
  );

  it('is evaluated without an error, all of them', { timeout: pollMsMax + 10_000 }, async () => {
    await expect
      .poll(async () => (await prometheus.rules()).filter(({ health }) => health !== 'ok'), {
        timeout: pollMsMax,
        interval: 500,
      })
      .toEqual([]);
  });

  it('looks at metrics that are there', { timeout: pollMsMax + 10_000 }, async () => {
    const names = metricsIn((await prometheus.rules()).map(({ query }) => query).join('\n'));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names)
      await expect
        .poll(async () => (await prometheus.query(`{__name__=~"${name}(_count)?"}`)).length, {
          timeout: pollMsMax,
          interval: 500,
        })
        .toBeGreaterThan(0);
  });
});
