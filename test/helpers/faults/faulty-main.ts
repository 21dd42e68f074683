// The service as a process that dies at a given step: as main.ts, with faulty ports. Its parent says over the channel of the two
// which label to watch; CELLAR_TEST_TARGET is the step at which a start is cut off, or empty to note the steps of one.
import { flushCompileCache } from 'node:module';
import { assemble } from '../../../src/orchestrator/assemble.ts';
import { loadConfig } from '../../../src/orchestrator/config/load-config.ts';
import { createLog } from '../../../src/orchestrator/foundation/log.ts';
import { FaultPoints, serviceLabel } from './fault-points.ts';
import { installFileFaults } from './file-faults.ts';
import { faultyPorts } from './port-faults.ts';

export type ToChild =
  | { readonly type: 'watch'; readonly label: string; readonly target: string | null }
  | { readonly type: 'trace'; readonly label: string };

export type FromChild =
  | { readonly type: 'watching'; readonly label: string }
  | { readonly type: 'reached'; readonly label: string }
  | {
      readonly type: 'trace';
      readonly label: string;
      readonly steps: readonly string[];
      readonly underWay: number;
    };

const tell = (message: FromChild): void => {
  process.send!(message);
};

const { CELLAR_TEST_TARGET: target, ...environment } = process.env;
const config = await loadConfig(environment, process.cwd());
const points = new FaultPoints((label) => {
  if (label === serviceLabel) process.kill(process.pid, 'SIGKILL');
  tell({ type: 'reached', label });
});
if (target !== undefined) points.watch(serviceLabel, target === '' ? null : target);
process.on('message', (message: ToChild) => {
  const { label } = message;
  switch (message.type) {
    case 'watch':
      points.watch(label, message.target);
      tell({ type: 'watching', label });
      break;
    case 'trace':
      tell({ type: 'trace', label, ...points.trace(label) });
  }
});
installFileFaults(points, config.dataDir);
const service = await assemble(config, createLog(config.logLevel), faultyPorts(points));
const address = await service.listen();
// A process that is killed later stores nothing of what it has compiled.
flushCompileCache();
points.serves();
console.log(`Cellar listens on ${address}`);
