// Why an archive is not taken.
import { type ArchiveFault, archiveFaults } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';

/** `what` is for the log: names and numbers that help to find the place. */
export function faulty(fault: ArchiveFault, what = ''): AgentFailure {
  const { code, meaning } = archiveFaults[fault];
  return new AgentFailure(code, what === '' ? meaning : `${meaning} (${what})`, fault);
}
