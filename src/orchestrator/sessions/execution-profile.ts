// Profiles of executions: whether one that an agent gives can be kept, and what is told where there is none.
import { type ExecutionProfile, limits } from '#protocol';
import { AppError } from '../foundation/errors.ts';
import type { ExecutionRecord } from '../registry/records.ts';
import type { StoredProfile } from '../registry/session-registry.ts';

/** A profile and the execution that it is of, which has ended. */
export type ProfileView = { readonly record: ExecutionRecord; readonly stored: StoredProfile };

const lineEnd = /\r\n|\r|\n/;

/**
 * SECURITY: the shape was checked on the link, but what it says may be anything: an index that leads nowhere, or into a circle, a line
 * that the program does not have.
 */
export function isUsable(profile: ExecutionProfile, code: string): boolean {
  const { functions, lines, nodes } = profile;
  const lineCount = code.split(lineEnd).length;
  const isInCode = (at: number, line: number) => {
    const of = functions[at];
    return of !== undefined && (of.file !== undefined || of.earlier || line <= lineCount);
  };
  return (
    functions.every(({ line }, index) => isInCode(index, line)) &&
    lines.every((one) => isInCode(one.function, one.line)) &&
    nodes.every(({ parent, line }, index) => parent < index && line < lines.length) &&
    Buffer.byteLength(JSON.stringify(profile)) <= limits.profileBytesMax
  );
}

/** Throws `execution_running` or `profile_not_found` where there is none. */
export function profileView(record: ExecutionRecord, stored: StoredProfile | null): ProfileView {
  if (stored !== null) return { record, stored };
  if (record.profiled && record.endedAt === null) throw new AppError('execution_running');
  throw new AppError('profile_not_found', {
    detail: record.profiled
      ? 'The execution ended without a profile: it never ran, its sandbox was lost, or the variables of the session took more than 128 MB.'
      : 'The execution was not profiled: ask for it with `profile` when it is executed.',
  });
}
