// What operators see of a running service: each thing that is done to it is in its metrics, once.
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensurePrometheus } from '../../scripts/ensure-prometheus.ts';
import { sampleOf } from '../helpers/samples.ts';
import { type Service, startService } from '../helpers/start-service.ts';

const token = 'a-token-for-metrics-0123456789abcdef';
const pollMsMax = 60_000;

let service: Service;
let promtool: string;

beforeAll(async () => {
  ({ promtool } = await ensurePrometheus());
  // No waiting sandboxes but those that the test itself makes wait: then every start is a cold one.
  service = await startService({
    CELLAR_POOL_MIN: '0',
    CELLAR_POOL_MAX: '0',
    CELLAR_METRICS_TOKEN: token,
    CELLAR_TIMEOUT_MS: '20000',
  });
});

afterAll(() => service[Symbol.asyncDispose]());

async function metrics(): Promise<string> {
  const response = await fetch(`${service.url}/metrics`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(response.status).toBe(200);
  return response.text();
}

/** Values of some series, by their names. */
async function values<Name extends string>(...series: Name[]) {
  const text = await metrics();
  return Object.fromEntries(series.map((one) => [one, sampleOf(text, one)]));
}

/** Waits until they are so: what is told to clients is counted in the same moment or the next one. */
async function expectValues(wanted: Record<string, number>): Promise<void> {
  await expect
    .poll(() => values(...Object.keys(wanted)), { timeout: pollMsMax, interval: 100 })
    .toEqual(wanted);
}

describe('the metrics of a service', () => {
  it('are what Prometheus’ own parser and linter take', async () => {
    const { status, stdout, stderr } = spawnSync(promtool, ['check', 'metrics'], {
      input: await metrics(),
      encoding: 'utf8',
    });
    // Names of the client library for the process, which everybody’s dashboards know: they end in `_total` and are gauges.
    const known = /^cellar_nodejs_active_(handles|requests|resources)_total /;
    const complaints = `${stdout}${stderr}`.split('\n').filter((line) => line && !known.test(line));
    expect({ complaints, parsed: status !== 1 }).toEqual({ complaints: [], parsed: true });
  });

  it('count sessions, executions and their ends exactly', async () => {
    const before = await metrics();
    const counted = (series: string) => sampleOf(before, series) ?? 0;
    const first = await service.createSession({ name: 'counted' });
    await service.createSession({ name: 'counted-too' });
    for (let i = 0; i < 5; i++) await service.execute(first.id, `print(${i})`);
    await service.execute(first.id, 'let = ');
    await service.execute(first.id, 'missing');
    await service.execute(first.id, 'while (true) {}', { timeout: 200 });
    const succeeded = counted('cellar_executions_total{status="success",error="none"}');
    await expectValues({
      'cellar_sessions{state="idle"}': 2,
      'cellar_sessions{state="creating"}': 0,
      'cellar_sandboxes{state="live"}': 2,
      'cellar_sandboxes{state="starting"}': 0,
      'cellar_session_create_duration_seconds_count{path="cold"}': 2,
      'cellar_session_create_duration_seconds_count{path="warm"}': 0,
      cellar_sandbox_start_duration_seconds_count: 2,
      'cellar_executions_total{status="success",error="none"}': succeeded + 5,
      'cellar_executions_total{status="error",error="SyntaxError"}': 1,
      'cellar_executions_total{status="error",error="ReferenceError"}': 1,
      'cellar_executions_total{status="timeout",error="TimeoutError"}': 1,
      'cellar_execution_duration_seconds_count{status="timeout"}': 1,
      cellar_execution_first_output_duration_seconds_count: 5,
      cellar_execution_queue_duration_seconds_count: 8,
      'cellar_limits_hit_total{limit="time"}': 1,
      cellar_executions_queued: 0,
      cellar_executions_running: 0,
      'cellar_http_requests_total{method="POST",route="/api/sessions",status="2xx"}': 2,
      'cellar_http_requests_total{method="POST",route="/api/sessions/:id/execute",status="2xx"}': 8,
      cellar_admission_sandboxes: 2,
    });
  });

  it('tell what waits and what runs', async () => {
    const { id } = await service.createSession();
    const path = `/api/sessions/${id}/execute`;
    const later = { prefer: 'respond-async' };
    const running = await service.request('POST', path, { code: 'while (true) {}' }, later);
    await service.request('POST', path, { code: '1' }, later);
    await expectValues({
      cellar_executions_running: 1,
      cellar_executions_queued: 1,
      'cellar_sessions{state="busy"}': 1,
    });
    const { executionId } = running.body;
    await service.request('POST', `/api/sessions/${id}/executions/${executionId}/cancel`);
    await expectValues({
      cellar_executions_running: 0,
      cellar_executions_queued: 0,
      'cellar_executions_total{status="cancelled",error="CancelledError"}': 1,
    });
  });

  it('tell of states that are stored, of sleep and of waking', async () => {
    const { id } = await service.createSession();
    const post = (what: string, body: unknown = {}) =>
      service.request('POST', `/api/sessions/${id}/${what}`, body);
    await service.execute(id, 'kept = [1, 2, 3]');
    expect((await post('snapshots')).status).toBe(201);
    expect((await post('hibernate')).status).toBe(200);
    await expectValues({
      'cellar_sessions{state="hibernated"}': 1,
      'cellar_snapshot_duration_seconds_count{reason="requested"}': 1,
      'cellar_snapshot_duration_seconds_count{reason="hibernate"}': 1,
      'cellar_snapshot_store_duration_seconds_count{call="put"}': 2,
    });
    expect((await service.execute(id, 'kept')).status).toBe('success');
    expect((await post('pause')).status).toBe(200);
    await expectValues({ 'cellar_sessions{state="paused"}': 1 });
    expect((await service.execute(id, 'kept')).status).toBe('success');
    await expectValues({
      'cellar_sessions{state="paused"}': 0,
      'cellar_sessions{state="hibernated"}': 0,
      'cellar_session_wake_duration_seconds_count{path="restore"}': 1,
      'cellar_session_wake_duration_seconds_count{path="resume"}': 1,
      'cellar_restore_duration_seconds_count{part="state"}': 1,
      'cellar_snapshot_store_duration_seconds_count{call="open"}': 1,
    });
    const stored = await values(
      'cellar_snapshot_content_bytes_total',
      'cellar_snapshot_stored_bytes_total',
    );
    expect(stored.cellar_snapshot_content_bytes_total).toBeGreaterThan(1000);
    expect(stored.cellar_snapshot_stored_bytes_total).toBeGreaterThan(100);
  });

  it('tell of live connections', async () => {
    const { id } = await service.createSession();
    const client = await service.live(id);
    await expectValues({ cellar_websockets: 1 });
    await service.execute(id, 'print("seen")');
    const { cellar_websocket_messages_sent_total: sent } = await values(
      'cellar_websocket_messages_sent_total',
    );
    // executionStart, output, executionResult
    expect(sent).toBeGreaterThanOrEqual(3);
    client.close();
    await expectValues({ cellar_websockets: 0 });
  });

  it('tell of a sandbox that is lost', async () => {
    const { id } = await service.createSession();
    const { body } = await service.request('GET', `/api/sessions/${id}`);
    const [container] = (await service.containers()).filter(
      ({ Labels }) => Labels['cellar.sandbox'] === body.sandbox.id,
    );
    spawnSync('docker', ['kill', container!.Id]);
    await expectValues({
      'cellar_sandbox_losses_total{reason="exited"}': 1,
      'cellar_session_wake_duration_seconds_count{path="cold"}': 1,
    });
  });

  it('have processor time and memory from the host, by tenant', async () => {
    const { id } = await service.createSession();
    const tenant = (await service.request('GET', '/api/whoami')).body.tenant;
    const cpu = `cellar_tenant_cpu_seconds_total{tenant="${tenant}"}`;
    const before = (await values(cpu))[cpu] ?? 0;
    await service.execute(id, 'while (true) {}', { timeout: 1_000 });
    await expect
      .poll(async () => (await values(cpu))[cpu]! - before, { timeout: pollMsMax, interval: 500 })
      .toBeGreaterThan(0.3);
    const found = await values(
      `cellar_tenant_memory_bytes{tenant="${tenant}"}`,
      `cellar_tenant_sandboxes{tenant="${tenant}"}`,
      'cellar_admission_sandboxes',
      'cellar_sandboxes_unread',
    );
    expect(found[`cellar_tenant_memory_bytes{tenant="${tenant}"}`]).toBeGreaterThan(5_000_000);
    expect(found[`cellar_tenant_sandboxes{tenant="${tenant}"}`]).toBe(
      found.cellar_admission_sandboxes,
    );
    expect(found.cellar_sandboxes_unread).toBe(0);
  });

  it('count a container’s processor time to its end, also when it lived between two looks', async () => {
    const tenant = (await service.request('GET', '/api/whoami')).body.tenant;
    const cpu = `cellar_tenant_cpu_seconds_total{tenant="${tenant}"}`;
    const before = (await values(cpu))[cpu]!;
    const { id } = await service.createSession();
    await service.execute(id, 'while (true) {}', { timeout: 2_000 });
    expect((await service.request('DELETE', `/api/sessions/${id}`)).status).toBe(204);
    expect((await values(cpu))[cpu]! - before).toBeGreaterThan(0.5);
  });
});

it('a service takes over the counts of sessions from the one before', async () => {
  const { body } = await service.request('GET', '/api/sessions?limit=200');
  const counts: Record<string, number> = {};
  for (const { state } of body.items) counts[state] = (counts[state] ?? 0) + 1;
  await service.kill('SIGKILL');
  await service.start();
  await expectValues(
    Object.fromEntries(
      Object.entries(counts).map(([state, count]) => [`cellar_sessions{state="${state}"}`, count]),
    ),
  );
});

it('metrics on a port of their own are open on loopback, and gone from the main one', async () => {
  await service.kill('SIGKILL');
  await service.start({ CELLAR_METRICS_PORT: '0', CELLAR_METRICS_TOKEN: '' });
  expect((await service.request('GET', '/metrics')).status).toBe(404);
  await expect.poll(() => service.output, { timeout: pollMsMax }).toMatch(/Metrics: http/);
  const [address] = /http:\/\/127\.0\.0\.1:\d+\/metrics/.exec(service.output)!;
  const response = await fetch(address);
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('cellar_build_info{version=');
  expect((await fetch(address.replace('/metrics', '/api/sessions'))).status).toBe(404);
});
