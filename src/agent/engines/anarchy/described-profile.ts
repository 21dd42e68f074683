// A profile cut to what the protocol carries: a program chooses the names in it.
import type { ProfileReport } from '#language';
import { type ExecutionProfile, limits } from '#protocol';

/** Null when even its tables alone are too large, for which a program has to try. */
export function describedProfile(
  report: ProfileReport,
  intervalMs: number,
  partial: boolean,
): ExecutionProfile | null {
  const described: ExecutionProfile = {
    intervalMs,
    samples: report.samples,
    programMs: report.programMs,
    garbageCollectionMs: report.garbageCollectionMs,
    otherMs: report.otherMs,
    truncated: report.truncated,
    partial,
    functions: report.functions.map(({ name, file, ...rest }) => ({
      name: named(name),
      ...rest,
      ...(file === undefined ? {} : { file: named(file) }),
    })),
    lines: report.lines.map((line) => ({ ...line })),
    nodes: report.nodes.map((node) => ({ ...node })),
  };
  if (isSmall(described)) return described;
  const tables = { ...described, nodes: [], truncated: true };
  return isSmall(tables) ? tables : null;
}

function isSmall(profile: ExecutionProfile): boolean {
  return Buffer.byteLength(JSON.stringify(profile)) <= limits.profileBytesMax;
}

const named = (text: string) => text.slice(0, limits.nameLengthMax) || '<anonymous>';
