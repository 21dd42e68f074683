// The service as main.ts makes it, with processes in the place of containers. Tells its parent of each sandbox.
import { assemble } from '../../../src/orchestrator/assemble.ts';
import { loadConfig } from '../../../src/orchestrator/config/load-config.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { ProcessRuntime } from '../../doubles/process-runtime.ts';

export type StartedSandbox = {
  readonly sandboxId: string;
  readonly token: string;
  readonly linkDirectory: string;
  readonly pid: number;
};

/** What every object has inherited, which is nothing that a loop sees. */
export type Inherited = { readonly inherited: readonly string[] };

process.on('message', () => {
  const inherited: string[] = [];
  for (const name in {}) inherited.push(name);
  process.send!({ inherited } satisfies Inherited);
});

const config = await loadConfig(process.env, process.cwd());
const runtime = new ProcessRuntime();
runtime.onProcess = ({ sandboxId, environment, linkDirectory }, pid) => {
  const token = environment.CELLAR_TOKEN!;
  process.send!({ sandboxId, token, linkDirectory, pid } satisfies StartedSandbox);
};
const service = await assemble(config, createLog(config.logLevel), {
  registry: (registry) => registry,
  runtime: () => runtime,
  source: (source) => source,
  store: (store) => store,
  sessions: (sessions) => sessions,
  states: (states) => states,
});
console.log(`Cellar listens on ${await service.listen()}`);
