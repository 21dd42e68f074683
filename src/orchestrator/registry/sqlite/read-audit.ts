// Reads the audit log straight from the registry's file, beside a service that may be running on it.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StartError } from '../../foundation/start-error.ts';
import type { AuditRecord } from '../audit-records.ts';

/** Oldest first. The file stays as it is. Throws StartError when there is none, or it is not a registry. */
export function* readAudit(directory: string): Iterable<AuditRecord> {
  const path = join(directory, 'registry.db');
  using connection = openToRead(path);
  yield* connection.prepare('select * from audit order by seq').iterate() as Iterable<AuditRecord>;
}

function openToRead(path: string): DatabaseSync {
  try {
    const connection = new DatabaseSync(path, { readOnly: true });
    connection.prepare('select 1 from audit limit 1').all();
    return connection;
  } catch (cause) {
    throw new StartError(`${path} has no audit log that can be read`, { cause });
  }
}
