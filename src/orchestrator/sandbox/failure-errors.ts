// What a failure of an agent, or of the way to it, means to a client.
import { Compile } from 'typebox/compile';
import { type ArchiveFault, archiveFaults, Failure, type FailureCode } from '#protocol';
import { AppError, type ErrorCode } from '../foundation/errors.ts';
import { type LinkConnection, ProtocolViolation } from './link-connection.ts';
import type { Reply } from './link-transfer.ts';

const failureShape = Compile(Failure);

export const failureErrors: Record<FailureCode, ErrorCode> = {
  invalid_request: 'invalid_request',
  not_configured: 'internal',
  unknown_execution: 'execution_not_found',
  unknown_variable: 'variable_not_found',
  unknown_path: 'variable_not_found',
  queue_full: 'queue_full',
  image_refused: 'snapshot_refused',
  image_too_large: 'snapshot_too_large',
  archive_malformed: 'snapshot_refused',
  archive_refused: 'snapshot_refused',
  archive_too_large: 'snapshot_too_large',
  archive_unsupported: 'snapshot_unsupported',
  engine_unavailable: 'sandbox_failed',
  engine_busy: 'session_busy',
  path_refused: 'path_refused',
  unknown_file: 'file_not_found',
  is_directory: 'is_directory',
  not_directory: 'not_directory',
  directory_not_empty: 'directory_not_empty',
  file_unusable: 'file_unusable',
  file_changed: 'precondition_failed',
  file_too_large: 'payload_too_large',
  too_many_files: 'too_many_files',
  workspace_full: 'workspace_full',
  internal: 'sandbox_failed',
};

/** What the engine refuses it refuses without naming a fault. */
const faultsByCode: Partial<Record<FailureCode, ArchiveFault>> = {
  image_refused: 'values_malformed',
  image_too_large: 'values_too_large',
};

/** What a reply that is no answer means: an AppError, or a ProtocolViolation when it has not even the form of a failure. */
export function failureOf(path: string, { message: failure }: Reply): Error {
  if (!failureShape.Check(failure))
    return new ProtocolViolation(`the reply to ${path} is malformed`);
  const { code, message, fault = faultsByCode[code] } = failure;
  return new AppError(failureErrors[code], {
    // SECURITY: of what an agent says only the name of a known fault gets out, with our words for it.
    ...(fault ? { reason: fault, detail: archiveFaults[fault].meaning } : {}),
    cause: new Error(`${code}: ${message}`),
  });
}

/** What to throw for a transfer that failed. A breach of the protocol costs the connection. */
export function transferFailure(
  connection: LinkConnection,
  error: unknown,
  signal: AbortSignal,
): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof ProtocolViolation) connection.destroy(error);
  return error instanceof AppError ? error : new AppError('sandbox_lost', { cause: error });
}
