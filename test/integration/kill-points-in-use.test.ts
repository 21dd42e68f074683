// The service is killed at every step of what is done with sessions that live on.
import { describeKillPoints } from '../helpers/faults/describe-kill-points.ts';
import { execute, executeLost } from '../helpers/faults/execution-operations.ts';
import { hibernate, pause, resume, thaw } from '../helpers/faults/ladder-operations.ts';
import { configure, restart } from '../helpers/faults/settings-operations.ts';
import { rollback } from '../helpers/faults/version-operations.ts';

describeKillPoints('a service that is killed while sessions are used', [
  execute,
  executeLost,
  rollback,
  hibernate,
  resume,
  pause,
  thaw,
  configure,
  restart,
]);
