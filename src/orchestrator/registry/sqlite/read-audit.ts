// Reads the audit log straight from the registry's file, beside a service that may be running on it.
import type { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../foundation/start-error.ts';
import type { AuditRecord } from '../audit-records.ts';
import { openToRead, registryPath } from './open-to-read.ts';

/** Oldest first. The file stays as it is. Throws StartError when there is none, or it is not a registry. */
export function* readAudit(directory: string): Iterable<AuditRecord> {
  using connection = openAudit(registryPath(directory));
  yield* connection.prepare('select * from audit order by seq').iterate() as Iterable<AuditRecord>;
}

function openAudit(path: string): DatabaseSync {
  try {
    const connection = openToRead(path);
    connection.prepare('select 1 from audit limit 1').all();
    return connection;
  } catch (cause) {
    throw new StartError(`${path} has no audit log that can be read`, { cause });
  }
}
