// Why an archive is not taken.
import { AgentFailure } from '../agent-failure.ts';

/** Damaged, cut off, or no archive of ours. */
export function malformed(what: string): AgentFailure {
  return new AgentFailure('archive_malformed', `The archive cannot be read: ${what}`);
}

/** Holds what no archive of ours holds. */
export function refused(what: string): AgentFailure {
  return new AgentFailure('archive_refused', `The archive is refused: ${what}`);
}

export function tooLarge(what: string): AgentFailure {
  return new AgentFailure('archive_too_large', what);
}
