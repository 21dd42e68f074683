import { readFileSync } from 'node:fs';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { referenceDirectory } from '../../../docs/generate.ts';
import { resources } from '../../../src/orchestrator/admission/amounts.ts';
import { closeCodes } from '../../../src/orchestrator/api/sockets/close-codes.ts';
import { refusalTypes } from '../../../src/orchestrator/egress/egress-refusal.ts';
import { type Declaration, isClosed } from '../../../src/orchestrator/metrics/declaration.ts';
import { declarations } from '../../../src/orchestrator/metrics/declarations.ts';
import { loadNames } from '../../../src/orchestrator/overload/plan-overload.ts';
import {
  executionStatuses,
  sessionStates,
  snapshotReasons,
} from '../../../src/orchestrator/registry/records.ts';

const all = Object.entries<Declaration>(declarations);

describe('a declared metric', () => {
  it.each(all)('%s is explained in the reference, with its labels', (name, { labels, help }) => {
    const row = pageRow(name);
    expect(row).toContain(help);
    for (const [label, values] of Object.entries(labels)) {
      expect(row).toContain(`\`${label}\``);
      if (isClosed(values)) for (const value of values) expect(row).toContain(`\`${value}\``);
    }
  });

  it.each(all)('%s is in base units, and its name says which', (name, { kind, unit }) => {
    const ending = kind === 'counter' ? '_total' : '';
    const suffix = { seconds: '_seconds', bytes: '_bytes', processors: '_processors', number: '' };
    expect(name.replace(/_max$/, '').endsWith(suffix[unit] + ending)).toBe(true);
    expect(name.endsWith('_total')).toBe(kind === 'counter');
    expect(name).not.toMatch(/_(ms|milliseconds|kb|mb|percent)(_|$)/);
  });

  it.each(all.filter(([, { kind }]) => kind === 'histogram'))(
    '%s has buckets that rise, few enough to be kept',
    (_name, { buckets = [] }) => {
      expect(buckets.toSorted((one, other) => one - other)).toEqual(buckets);
      expect(new Set(buckets).size).toBe(buckets.length);
      expect(buckets.length).toBeGreaterThan(5);
      expect(buckets.length).toBeLessThanOrEqual(20);
    },
  );

  it.each(all)('%s has labels with an end', (_name, { labels }) => {
    for (const values of Object.values(labels))
      expect(isClosed(values) ? values.length : values.countMax).toBeLessThanOrEqual(200);
  });
});

it('what the library exports of the process is in the reference', () => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'cellar_' });
  for (const { name } of registry.getMetricsAsArray()) expect(pageRow(name)).not.toBe('');
});

describe('the values of a label are those that the service has:', () => {
  it('states of sessions', () => {
    expect(valuesOf('cellar_sessions', 'state')).toEqual(
      sessionStates.filter((state) => state !== 'deleted'),
    );
  });

  it('ends of executions', () => {
    const ended = executionStatuses.filter((status) => status !== 'queued' && status !== 'running');
    expect(valuesOf('cellar_executions_total', 'status')).toEqual(ended);
    expect(valuesOf('cellar_execution_duration_seconds', 'status')).toEqual(ended);
  });

  it('reasons of snapshots', () => {
    // What is imported is stored, not taken.
    expect(valuesOf('cellar_snapshot_duration_seconds', 'reason')).toEqual(
      snapshotReasons.filter((reason) => reason !== 'imported'),
    );
  });

  it('reasons to close a live connection', () => {
    expect(valuesOf('cellar_websocket_closes_total', 'reason')).toEqual(Object.keys(closeCodes));
  });

  it('what can be short', () => {
    expect(valuesOf('cellar_admission_refusals_total', 'reason')).toEqual([
      ...resources,
      'starts',
      'queue',
    ]);
  });

  it('ends of connections to other hosts', () => {
    expect(valuesOf('cellar_egress_connections_total', 'outcome')).toEqual([
      'ended',
      ...refusalTypes,
    ]);
  });

  it('causes of overload', () => {
    expect(valuesOf('cellar_overloaded', 'cause')).toEqual(loadNames);
  });
});

function valuesOf(name: keyof typeof declarations, label: string): readonly string[] {
  const { labels }: Declaration = declarations[name];
  const values = labels[label];
  return values !== undefined && isClosed(values) ? values : [];
}

const page = readFileSync(new URL('metrics.md', referenceDirectory), 'utf8');

function pageRow(name: string): string {
  return page.split('\n').find((line) => line.startsWith(`| \`${name}\` |`)) ?? '';
}
