// An engine's worker that never comes to a safe point. What it does is the code of the program it is given.
import { parentPort, workerData } from 'node:worker_threads';
import { SharedState } from '../../src/agent/engines/anarchy/shared-state.ts';

parentPort!.on('message', (message: { type: string; program?: { code: string } }) => {
  if (message.type !== 'execute') return;
  switch (message.program!.code) {
    case 'spin':
      for (;;);
    case 'fill':
      for (const kept: number[][] = []; ; ) kept.push(new Array(10_000).fill(kept.length));
    case 'measure': {
      const shared = new SharedState(workerData.shared);
      shared.setMeasuring(true);
      while (shared.stop === null) shared.waitForChange(shared.changes, 10);
      // Longer than one period of grace, and than none.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500);
      shared.setMeasuring(false);
      break;
    }
    case 'throw':
      throw new Error('out of order');
    case 'leave':
      setImmediate(() => process.exit());
  }
  const outcome = {
    status: 'success',
    result: { type: 'string', preview: Object.keys(process.env).join() },
    truncated: false,
    usage: { cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
    warnings: [],
    variables: { added: [], changed: [], removed: [] },
  };
  parentPort!.postMessage({ type: 'events', batch: [], cost: 0, outcome });
});
