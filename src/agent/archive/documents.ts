// The two documents in an archive, checked field by field.

import { faulty } from './archive-failures.ts';
import {
  type ArchiveManifest,
  type ArchiveSummary,
  archiveFormatVersion,
  manifestName,
  summaryName,
} from './archive-format.ts';

/** Throws AgentFailure `archive_unsupported` for a newer format, whatever else it says. */
export function readManifest(bytes: Buffer): ArchiveManifest {
  const { format, language, engine, ...others } = objectIn(bytes);
  if (typeof format === 'number' && format > archiveFormatVersion)
    throw faulty('format_newer', String(format));
  const languageVersion = format === 1 ? 1 : others.languageVersion;
  if (
    !isCount(format) ||
    typeof language !== 'string' ||
    !isCount(languageVersion) ||
    typeof engine !== 'string'
  )
    throw faulty('document_malformed', manifestName);
  return { format, language, languageVersion, engine };
}

export function readSummary(bytes: Buffer): ArchiveSummary {
  const { files, directories, links, fileBytes, heapBytes, omitted, digest } = objectIn(bytes);
  const counts = { files, directories, links, fileBytes, heapBytes, omitted };
  if (!Object.values(counts).every(Number.isSafeInteger) || typeof digest !== 'string')
    throw faulty('document_malformed', summaryName);
  return { ...(counts as Omit<ArchiveSummary, 'digest'>), digest };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function objectIn(bytes: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw faulty('document_malformed', 'not JSON');
  }
  if (typeof value !== 'object' || value === null) throw faulty('document_malformed', 'no object');
  return value as Record<string, unknown>;
}
