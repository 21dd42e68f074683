import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import type { ServiceEvent } from '../../../src/orchestrator/foundation/observe.ts';
import { ControlGroups } from '../../../src/orchestrator/metrics/control-groups.ts';
import { Metrics } from '../../../src/orchestrator/metrics/metrics.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';
import { sampleOf, seriesOf } from '../../helpers/samples.ts';

let directory: string;
let metrics: Metrics;

beforeEach(async () => {
  directory = await mkdtemp(`${tmpdir()}/cellar-metrics-`);
  metrics = new Metrics({
    version: '1.2.3',
    groups: new ControlGroups(directory),
    clock: new FakeClock(),
    log: createLog('silent'),
  });
});

afterEach(() => rm(directory, { recursive: true }));

const ended = {
  type: 'executionEnded',
  tenant: 'default',
  sessionId: 'ses-1',
  status: 'success',
  error: null,
  truncated: false,
  dispatched: true,
  ms: 4,
} as const;

async function exportedAfter(...events: ServiceEvent[]): Promise<string> {
  for (const event of events) metrics.observe(event);
  return (await metrics.read()).text;
}

describe('labels stay bounded', () => {
  it('when a sandbox names errors of its own', async () => {
    const names = Array.from({ length: 5000 }, (_, i) => `Evil"\\\n{${i}}`);
    const text = await exportedAfter(
      ...names.map((error) => ({ ...ended, status: 'error', error }) as const),
    );
    expect(sampleOf(text, 'cellar_executions_total{status="error",error="other"}')).toBe(5000);
    expect(text).not.toContain('Evil');
    expect(seriesOf(text, 'cellar_executions_total').length).toBeLessThanOrEqual(5 * 16);
  });

  it('when clients ask for addresses that do not exist, by methods that nobody has heard of', async () => {
    const text = await exportedAfter(
      ...Array.from(
        { length: 5000 },
        (_, i) =>
          ({
            type: 'requestAnswered',
            method: `M${i}`,
            route: `/${i}`,
            status: i,
            refusal: null,
            ms: 1,
          }) as const,
      ),
    );
    const series = seriesOf(text, 'cellar_http_requests_total');
    expect(series.length).toBeLessThanOrEqual(201 * 6);
    expect(series.every((one) => one.includes('method="other"'))).toBe(true);
  });

  it('when there are more tenants than may have series of their own', async () => {
    const runtimeIds = Array.from({ length: 500 }, (_, i) => i.toString(16).padStart(64, '0'));
    const text = await exportedAfter(
      ...runtimeIds.map(
        (runtimeId, i) =>
          ({ type: 'sandboxTaken', runtimeId, tenant: `tenant-${i}`, sessionId: 'ses-1' }) as const,
      ),
    );
    expect(seriesOf(text, 'cellar_tenant_sandboxes')).toHaveLength(21);
    expect(sampleOf(text, 'cellar_tenant_sandboxes{tenant="other"}')).toBe(480);
  });

  it('when everything is odd at once', async () => {
    const odd = 'x'.repeat(10_000);
    const text = await exportedAfter(
      { type: 'sessionMoved', from: odd, to: odd },
      { type: 'sandboxLost', reason: odd },
      { type: 'socketEnded', reason: odd },
      { type: 'admissionRefused', scope: 'tenant', reason: odd },
      { ...ended, status: odd },
      { type: 'snapshotTaken', reason: odd, ms: 1, sizeBytes: 1, storedBytes: 1 },
    );
    expect(text).not.toContain(odd);
  });
});

describe('what happened is counted', () => {
  it('sessions by state: those that were found, and as they move', async () => {
    const text = await exportedAfter(
      { type: 'sessionsFound', counts: { idle: 2, hibernated: 3 } },
      { type: 'sessionMoved', from: null, to: 'creating' },
      { type: 'sessionMoved', from: 'creating', to: 'idle' },
      { type: 'sessionMoved', from: 'idle', to: 'deleted' },
      { type: 'sessionMoved', from: 'hibernated', to: 'creating' },
    );
    const states = { idle: 2, hibernated: 2, creating: 1, busy: 0, paused: 0, failed: 0 };
    for (const [state, count] of Object.entries(states))
      expect([state, sampleOf(text, `cellar_sessions{state="${state}"}`)]).toEqual([state, count]);
  });

  it('connections to other hosts, and what they carried', async () => {
    const bytes = { sentBytes: 10, receivedBytes: 100 } as const;
    const text = await exportedAfter(
      { type: 'egressEnded', refusal: null, ...bytes },
      { type: 'egressEnded', refusal: 'http_request_denied', sentBytes: 0, receivedBytes: 0 },
      { type: 'egressEnded', refusal: 'connection_timeout', ...bytes },
    );
    const connections = (outcome: string) =>
      sampleOf(text, `cellar_egress_connections_total{outcome="${outcome}"}`);
    expect(['ended', 'http_request_denied', 'dns_error'].map(connections)).toEqual([1, 1, 0]);
    expect(sampleOf(text, 'cellar_egress_bytes_total{direction="sent"}')).toBe(20);
    expect(sampleOf(text, 'cellar_egress_bytes_total{direction="received"}')).toBe(200);
  });

  it('an execution that waits, runs and ends', async () => {
    const waiting = await exportedAfter({ type: 'executionQueued' }, { type: 'executionQueued' });
    expect(sampleOf(waiting, 'cellar_executions_queued')).toBe(2);
    const running = await exportedAfter({ type: 'executionDispatched', waitedMs: 3 });
    expect(sampleOf(running, 'cellar_executions_queued')).toBe(1);
    expect(sampleOf(running, 'cellar_executions_running')).toBe(1);
    const over = await exportedAfter(ended, { ...ended, status: 'cancelled', dispatched: false });
    expect(sampleOf(over, 'cellar_executions_queued')).toBe(0);
    expect(sampleOf(over, 'cellar_executions_running')).toBe(0);
    // What was never handed over took no time.
    const count = (status: string) =>
      sampleOf(over, `cellar_execution_duration_seconds_count{status="${status}"}`);
    expect([count('success'), count('cancelled')]).toEqual([1, 0]);
  });

  it.each([
    ['time', { ...ended, status: 'timeout', error: 'TimeoutError' }],
    ['output', { ...ended, status: 'error', error: 'ResourceLimitError', truncated: true }],
    ['memory', { ...ended, status: 'error', error: 'ResourceLimitError' }],
    ['memory', { type: 'sandboxLost', reason: 'outOfMemory' }],
  ] as const)('a limit on %s that was hit', async (limit, event) => {
    const text = await exportedAfter(event);
    for (const one of ['time', 'output', 'memory', 'pids'])
      expect(sampleOf(text, `cellar_limits_hit_total{limit="${one}"}`)).toBe(one === limit ? 1 : 0);
  });

  it('durations in seconds, in the bucket that holds them', async () => {
    const text = await exportedAfter(
      { type: 'sessionReady', created: true, path: 'warm', ms: 25 },
      { type: 'sessionReady', created: false, path: 'restore', ms: 140 },
    );
    const bucket = (le: string) =>
      sampleOf(text, `cellar_session_create_duration_seconds_bucket{path="warm",le="${le}"}`);
    expect([bucket('0.02'), bucket('0.03')]).toEqual([0, 1]);
    expect(sampleOf(text, 'cellar_session_wake_duration_seconds_sum{path="restore"}')).toBeCloseTo(
      0.14,
    );
  });

  it('what other parts count themselves, as often as somebody collects', async () => {
    const pool = {
      figures: {
        ready: 3,
        starting: 1,
        wanted: 4,
        hits: 10,
        misses: 2,
        failedStarts: 0,
        retired: { aged: 1 },
      },
    };
    const nothing = { sandboxes: 0, memoryBytes: 0, milliCpus: 0 };
    metrics.attach({
      dataDirectory: directory,
      sandboxes: { figures: { starting: 1, live: 5 } },
      admission: { figures: { used: nothing, starting: 0, waiting: 7, reclaimed: 3 } },
      room: { ...nothing, milliCpus: 1500 },
      pool,
      overload: { figures: { over: ['openFiles'] } },
    });
    await metrics.read();
    pool.figures.hits = 12;
    const { text } = await metrics.read();
    expect(sampleOf(text, 'cellar_pool_takes_total{outcome="hit"}')).toBe(12);
    expect(sampleOf(text, 'cellar_pool_retired_total{reason="aged"}')).toBe(1);
    expect(sampleOf(text, 'cellar_sandboxes{state="live"}')).toBe(5);
    expect(sampleOf(text, 'cellar_admission_waiting')).toBe(7);
    expect(sampleOf(text, 'cellar_admission_processors_max')).toBe(1.5);
    expect(sampleOf(text, 'cellar_overloaded{cause="openFiles"}')).toBe(1);
    expect(sampleOf(text, 'cellar_overloaded{cause="loopDelayMs"}')).toBe(0);
    expect(sampleOf(text, 'cellar_disk_free_bytes')).toBeGreaterThan(0);
  });
});
