import { expect, it } from 'vitest';
import type { RuntimeSandbox } from '../../../src/orchestrator/runtimes/runtime.ts';
import { planReconciliation } from '../../../src/orchestrator/sandbox/plan-reconciliation.ts';

const now = 1_000_000;
const graceMs = 60_000;
const old = now - graceMs - 1;
const young = now - graceMs;

function container(sandboxId: string, createdAt: number): RuntimeSandbox {
  const runtimeId = `container-${sandboxId}`;
  return { runtimeId, sandboxId, instanceId: 'inst-1', uid: 200_000, state: 'running', createdAt };
}

function plan(
  containers: RuntimeSandbox[],
  directories: { sandboxId: string; createdAt: number }[],
  owned: string[] = [],
) {
  const facts = { containers, directories, owned: new Set(owned), now, graceMs };
  const { containers: orphans, directories: stale } = planReconciliation(facts);
  return { containers: orphans.map(({ sandboxId }) => sandboxId), directories: stale };
}

it('finds containers without an owner, old enough that no start is under way', () => {
  const containers = [container('a', old), container('b', old), container('c', young)];
  expect(plan(containers, [], ['a'])).toEqual({ containers: ['b'], directories: [] });
});

it('leaves an exited container to its owner', () => {
  const exited = { ...container('a', old), state: 'exited' as const };
  expect(plan([exited], [], ['a']).containers).toEqual([]);
});

it('finds directories without an owner', () => {
  const directories = [
    { sandboxId: 'a', createdAt: old },
    { sandboxId: 'b', createdAt: old },
    { sandboxId: 'c', createdAt: young },
  ];
  expect(plan([], directories, ['a']).directories).toEqual(['b']);
});

it('removes the directory of an orphan with it, and of no container that stays', () => {
  const directories = [
    { sandboxId: 'a', createdAt: old },
    { sandboxId: 'b', createdAt: old },
  ];
  expect(plan([container('a', old), container('b', young)], directories)).toEqual({
    containers: ['a'],
    directories: ['a'],
  });
});
