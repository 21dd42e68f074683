// Failures that may cross the boundary: the answer to a request on the link that could not be served.
import { type Static, Type } from 'typebox';
import { archiveFaultNames } from './archive-faults.ts';
import { limits } from './limits.ts';

export const failureCodes = [
  'invalid_request',
  'not_configured',
  'unknown_execution',
  'unknown_variable',
  'unknown_path',
  'queue_full',
  'archive_malformed',
  'archive_refused',
  'archive_too_large',
  'archive_unsupported',
  'engine_unavailable',
  'engine_busy',
  'image_refused',
  'image_too_large',
  'path_refused',
  'unknown_file',
  'is_directory',
  'not_directory',
  'directory_not_empty',
  'file_unusable',
  'file_changed',
  'file_too_large',
  'too_many_files',
  'workspace_full',
  'internal',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/** Body of every link reply whose HTTP status is not 2xx. */
export const Failure = Type.Object(
  {
    code: Type.Enum(failureCodes),
    message: Type.String({ maxLength: limits.textLengthMax }),
    /** Of an archive that is not taken. */
    fault: Type.Optional(Type.Enum(archiveFaultNames)),
  },
  { additionalProperties: false },
);
export type Failure = Static<typeof Failure>;
