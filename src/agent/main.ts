// The one entry of the agent: as a process it is the agent, as a worker thread it is the engine. Both live in one bundled file;
// each loads only its own half.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { runAgent } = await import('./agent.ts');
  runAgent(new URL(import.meta.url));
} else {
  const { runWorker } = await import('./engines/anarchy/worker.ts');
  runWorker();
}
