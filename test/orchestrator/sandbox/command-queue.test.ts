import { expect, it } from 'vitest';
import { CommandQueue } from '../../../src/orchestrator/sandbox/command-queue.ts';
import { FakeClock } from '../../doubles/fake-clock.ts';

it('acknowledges again over a new link what was stored while that link said hello', () => {
  const clock = new FakeClock();
  const queue = new CommandQueue(0, clock);
  queue.acknowledge(5);
  clock.advance(10);
  const lines: unknown[] = [];
  const write = (line: Buffer) => {
    lines.push(JSON.parse(line.toString()));
    return true;
  };
  queue.attach({ write, pause: () => {}, resume: () => {} }, new Set());
  expect(lines).toEqual([{ type: 'acknowledge', seq: 5 }]);
});
