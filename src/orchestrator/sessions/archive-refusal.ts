// An archive that the orchestrator itself will not have, in the words that agents have for it.
import { type ArchiveFault, archiveFaults } from '#protocol';
import { AppError } from '../foundation/errors.ts';

export function refusal(fault: ArchiveFault, cause?: unknown): AppError {
  return new AppError('snapshot_refused', {
    reason: fault,
    detail: archiveFaults[fault].meaning,
    cause,
  });
}
