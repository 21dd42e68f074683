// Whose room is taken back, as plain data.
import { describe, expect, it } from 'vitest';
import type { Amounts } from '../../../src/orchestrator/admission/amounts.ts';
import { type HolderFacts, planReclaim } from '../../../src/orchestrator/admission/plan-reclaim.ts';

const one: Amounts = { sandboxes: 1, memoryBytes: 100, milliCpus: 1000 };
const none: Amounts = { sandboxes: 0, memoryBytes: 0, milliCpus: 0 };

type Named = HolderFacts & { readonly name: string };

function holder(name: string, idleSince: number | null, changes: Partial<HolderFacts> = {}): Named {
  const facts = { tenant: 'a', amounts: one, leaving: none, keepsState: true, canPause: true };
  return { name, idleSince, ...facts, ...changes };
}

/** The service has room for what the holders have, and nothing more. */
function plan(
  holders: readonly Named[],
  changes: {
    wanted?: Amounts;
    tenant?: string;
    tenantLimit?: Amounts;
    limit?: Partial<Amounts>;
  } = {},
) {
  const { wanted = one, tenant = 'a' } = changes;
  const sum = (some: readonly Named[]) => ({
    sandboxes: some.reduce((total, { amounts }) => total + amounts.sandboxes, 0),
    memoryBytes: some.reduce((total, { amounts }) => total + amounts.memoryBytes, 0),
    milliCpus: some.reduce((total, { amounts }) => total + amounts.milliCpus, 0),
  });
  const used = { service: sum(holders), tenant: sum(holders.filter((h) => h.tenant === tenant)) };
  const service = { ...used.service, ...changes.limit };
  const limits = { service, tenant: changes.tenantLimit ?? service };
  const { outcome, steps } = planReclaim({ wanted, tenant, used, limits, holders });
  return [outcome, ...steps.map((step) => `${step.holder.name} ${step.to}`)];
}

describe('room is taken back from', () => {
  it('the least recently used, and from no more than are needed', () => {
    const holders = [holder('newer', 3), holder('oldest', 1), holder('old', 2)];
    expect(plan(holders)).toEqual(['soon', 'oldest hibernated']);
    const two = { ...one, memoryBytes: 150 };
    expect(plan(holders, { wanted: two })).toEqual(['soon', 'oldest hibernated', 'old hibernated']);
  });

  it('nobody who is in use: it may come to rest', () => {
    expect(plan([holder('busy', null)])).toEqual(['perhaps']);
    expect(plan([holder('busy', null), holder('idle', 5)])).toEqual(['soon', 'idle hibernated']);
  });

  it('nobody whose state would be lost', () => {
    const unstored = { keepsState: false };
    expect(plan([holder('idle', 1, unstored)])).toEqual(['never']);
    expect(plan([holder('busy', null, unstored)])).toEqual(['never']);
    expect(plan([holder('idle', 1, unstored), holder('stored', 2)])).toEqual([
      'soon',
      'stored hibernated',
    ]);
  });

  it('the processors of those that may only be paused, where those are short', () => {
    const unstored = { keepsState: false };
    const limit = { sandboxes: 10, memoryBytes: 10_000 };
    expect(plan([holder('idle', 1, unstored)], { limit })).toEqual(['soon', 'idle paused']);
    const paused = { ...unstored, canPause: false, amounts: { ...one, milliCpus: 0 } };
    const cpus = { ...limit, milliCpus: 500 };
    expect(plan([holder('paused', 1, paused)], { limit: cpus })).toEqual(['never']);
  });

  it('nobody, where what is leaving is enough', () => {
    expect(plan([holder('leaving', null, { leaving: one }), holder('idle', 1)])).toEqual(['soon']);
  });

  it('nobody, for what is more than there is at all', () => {
    const wanted = { ...one, memoryBytes: 1000 };
    expect(plan([holder('idle', 1), holder('busy', null)], { wanted })).toEqual(['never']);
  });

  it('the tenant itself where its own limit is in the way', () => {
    const holders = [holder('other', 1, { tenant: 'b' }), holder('own', 2)];
    const limit = { sandboxes: 10, memoryBytes: 10_000, milliCpus: 10_000 };
    expect(plan(holders, { limit, tenantLimit: one })).toEqual(['soon', 'own hibernated']);
    const busy = [holder('other', 1, { tenant: 'b' }), holder('own', null)];
    expect(plan(busy, { limit, tenantLimit: one })).toEqual(['perhaps']);
  });

  it('the tenant itself first, once it has its share', () => {
    const flood = [holder('new 1', 8), holder('new 2', 9), holder('quiet', 1, { tenant: 'b' })];
    expect(plan(flood)).toEqual(['soon', 'new 1 hibernated']);
    // One that has less than its share takes from whoever waits longest.
    expect(plan(flood, { tenant: 'c' })).toEqual(['soon', 'quiet hibernated']);
  });
});
