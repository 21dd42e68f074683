import { expect, it } from 'vitest';
import { SampleRing } from '../../../src/orchestrator/usage/sample-ring.ts';

function sample(at: number) {
  return { at, cpuSeconds: at / 2, memoryBytes: 7, pids: 3, sentBytes: 1, receivedBytes: at };
}

it('keeps what it was given, oldest first', () => {
  const ring = new SampleRing();
  for (let at = 1; at <= 20; at++) ring.add(sample(at));
  expect(ring.since(0)).toEqual(Array.from({ length: 20 }, (_, i) => sample(i + 1)));
  expect(ring.since(19)).toEqual([sample(19), sample(20)]);
});

it('forgets the oldest past its bound', () => {
  const ring = new SampleRing();
  for (let at = 1; at <= 1000; at++) ring.add(sample(at));
  const kept = ring.since(0);
  expect(kept).toHaveLength(360);
  expect([kept[0], kept.at(-1)]).toEqual([sample(641), sample(1000)]);
});
