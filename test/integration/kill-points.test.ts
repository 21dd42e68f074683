// The service is killed at every step of what makes sessions and versions, and of what removes them.
import { describeKillPoints } from '../helpers/faults/describe-kill-points.ts';
import { create, deleted, expiry, fork } from '../helpers/faults/session-operations.ts';
import { importing, removal, snapshot } from '../helpers/faults/version-operations.ts';

describeKillPoints('a service that is killed while sessions and versions come and go', [
  create,
  fork,
  importing,
  snapshot,
  removal,
  deleted,
  expiry,
]);
