// What the machine and the configuration allow.
import { expect, it } from 'vitest';
import { budgetOf, startsAtOnceOn } from '../../../src/orchestrator/admission/budget.ts';

const host = { memoryBytes: 1000, cpus: 2 };
const settings = { sessionsMax: 10, memoryOvercommit: 2, cpuOvercommit: 4 };

it('is what the machine has, as often as it may be given away', () => {
  const { service, tenantOf } = budgetOf(settings, host, () => ({}));
  expect(service).toEqual({ sandboxes: 10, memoryBytes: 2000, milliCpus: 8000 });
  expect(tenantOf('red')).toEqual(service);
});

it('is what the configuration says where it says anything', () => {
  const named = { ...settings, hostMemoryBytes: 500, hostCpus: 1, tenantSessionsMax: 3 };
  const { service, tenantOf } = budgetOf(named, host, (id) => (id === 'red' ? { cpus: 2.5 } : {}));
  expect(service).toEqual({ sandboxes: 10, memoryBytes: 1000, milliCpus: 4000 });
  expect(tenantOf('blue')).toEqual({ ...service, sandboxes: 3 });
  expect(tenantOf('red')).toEqual({ ...service, sandboxes: 3, milliCpus: 2500 });
});

it('starts no more sandboxes at once than processors can, and one that waits meanwhile', () => {
  expect(startsAtOnceOn(host, {})).toBe(3);
  expect(startsAtOnceOn(host, { hostCpus: 16 })).toBe(17);
  expect(startsAtOnceOn(host, { hostCpus: 0.5 })).toBe(2);
});
