// Too much to do is noticed, told once, and over when it is over.
import { expect, it } from 'vitest';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { loadMeter, openFilesMax } from '../../../src/orchestrator/overload/measure-load.ts';
import { OverloadWatch } from '../../../src/orchestrator/overload/overload-watch.ts';
import { planOverload } from '../../../src/orchestrator/overload/plan-overload.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

const limits = { loopDelayMs: 100, residentBytes: 1000, openFiles: 10 };
const calm = { loopDelayMs: 1, residentBytes: 1, openFiles: 1 };

it('begins above a limit and ends well below it', () => {
  const none = new Set<never>();
  const load = (openFiles: number) => ({ ...calm, openFiles });
  expect([...planOverload(none, load(10), limits)]).toEqual([]);
  const over = planOverload(none, load(11), limits);
  expect([...over]).toEqual(['openFiles']);
  expect([...planOverload(over, load(9), limits)]).toEqual(['openFiles']);
  expect([...planOverload(over, load(8), limits)]).toEqual([]);
});

it('refuses new work meanwhile, and says so in the log once for each change', async () => {
  const clock = new FakeClock();
  const log = createLog('silent');
  const told: string[] = [];
  log.warn = ((_facts: object, text: string) => void told.push(text)) as typeof log.warn;
  log.info = ((_facts: object, text: string) => void told.push(text)) as typeof log.info;
  let load = calm;
  using watch = new OverloadWatch({ limits, measure: async () => load, clock, log });
  const look = async () => {
    clock.advance(1000);
    await new Promise(setImmediate);
  };
  watch.start();
  await look();
  watch.assertCalm();
  load = { ...calm, loopDelayMs: 500 };
  await look();
  await look();
  expect(() => watch.assertCalm()).toThrow(
    expect.objectContaining({ code: 'overloaded', retryAfterSeconds: expect.any(Number) }),
  );
  expect(watch.figures).toEqual({ load, over: ['loopDelayMs'] });
  load = calm;
  await look();
  watch.assertCalm();
  expect(told).toEqual(['overloaded: new work is refused', 'not overloaded any more']);
  watch[Symbol.dispose]();
  expect(clock.pending).toBe(0);
});

it('measures a loop that is late', async () => {
  const measure = loadMeter();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const until = performance.now() + 300;
  while (performance.now() < until);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const load = await measure();
  expect(load.loopDelayMs).toBeGreaterThan(100);
  expect(load.residentBytes).toBeGreaterThan(2 ** 20);
  expect(load.openFiles).toBeGreaterThan(3);
  expect(await openFilesMax()).toBeGreaterThan(load.openFiles);
});
