// An engine's worker that never comes to a safe point. What it does is the code of the program it is given.
import { parentPort } from 'node:worker_threads';

parentPort!.on('message', (message: { type: string; program?: { code: string } }) => {
  if (message.type !== 'execute') return;
  switch (message.program!.code) {
    case 'spin':
      for (;;);
    case 'fill':
      for (const kept: number[][] = []; ; ) kept.push(new Array(10_000).fill(kept.length));
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
