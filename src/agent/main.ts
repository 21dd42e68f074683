// The one entry of the agent: as a process it is the agent, as a worker thread it is the engine. Each loads only its own half,
// and the engine's thread starts while the rest of the agent is still being loaded.
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  const { AnarchyEngine } = await import('./engines/anarchy/anarchy-engine.ts');
  const { Workspace } = await import('./workspace/workspace.ts');
  // Where the sandbox mounts the file system that is the session's own.
  const workspace = new Workspace(process.env.CELLAR_WORKSPACE ?? '/workspace');
  const engine = new AnarchyEngine({
    entry: new URL(import.meta.url),
    workspace: workspace.root,
    egress: process.env.CELLAR_EGRESS ?? '/run/cellar/egress.sock',
  });
  const { runAgent } = await import('./agent.ts');
  runAgent(engine, workspace);
} else {
  const { runWorker } = await import('./engines/anarchy/worker.ts');
  runWorker();
}
