// The two documents in an archive, checked field by field.

import { AgentFailure } from '../agent-failure.ts';
import { malformed } from './archive-failures.ts';
import {
  type ArchiveManifest,
  type ArchiveSummary,
  archiveFormatVersion,
} from './archive-format.ts';

/** Throws AgentFailure `archive_unsupported` for a newer format, whatever else it says. */
export function readManifest(bytes: Buffer): ArchiveManifest {
  const { format, language, engine } = objectIn(bytes);
  if (typeof format === 'number' && format > archiveFormatVersion)
    throw new AgentFailure('archive_unsupported', `The archive has the newer format ${format}`);
  if (format !== archiveFormatVersion || typeof language !== 'string' || typeof engine !== 'string')
    throw malformed('its manifest is malformed');
  return { format, language, engine };
}

export function readSummary(bytes: Buffer): ArchiveSummary {
  const { files, directories, links, fileBytes, heapBytes, omitted, digest } = objectIn(bytes);
  const counts = { files, directories, links, fileBytes, heapBytes, omitted };
  if (!Object.values(counts).every(Number.isSafeInteger) || typeof digest !== 'string')
    throw malformed('its summary is malformed');
  return { ...(counts as Omit<ArchiveSummary, 'digest'>), digest };
}

function objectIn(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw malformed('a document in it is not JSON');
  }
  if (typeof value !== 'object' || value === null) throw malformed('a document in it is no object');
  return value as Record<string, unknown>;
}
