// An archive that the orchestrator itself will not have, in the words that agents have for it.
import { type ArchiveFault, archiveFaults } from '#protocol';
import { AppError } from '../foundation/errors.ts';
import { failureErrors } from '../sandbox/failure-errors.ts';

export function refusal(fault: ArchiveFault, cause?: unknown): AppError {
  const { code, meaning } = archiveFaults[fault];
  return new AppError(failureErrors[code], { reason: fault, detail: meaning, cause });
}
