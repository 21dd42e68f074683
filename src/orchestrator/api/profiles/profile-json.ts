// A profile as JSON: what took longest comes first.
import type { ProfileView } from '../../sessions/execution-profile.ts';
import type { Profile } from '../schemas/profile.ts';
import { timeText } from '../views.ts';

export function profileJson({ record, stored }: ProfileView): Profile {
  const { functions, lines, nodes: _, ...totals } = stored.profile;
  return {
    executionId: record.executionId,
    sessionId: record.sessionId,
    status: record.status,
    timeline: {
      queuedAt: timeText(record.queuedAt),
      startedAt: timeOrNull(record.startedAt),
      firstOutputAt: timeOrNull(stored.firstOutputAt),
      endedAt: timeOrNull(record.endedAt),
      storedAt: timeText(stored.storedAt),
    },
    ...totals,
    lines: lines.toSorted(bySelfTime).map(({ function: index, line, ...times }) => {
      const { name, file, earlier } = functions[index]!;
      return {
        line,
        function: name,
        ...(file === undefined ? {} : { file }),
        ...(earlier === undefined ? {} : { earlier }),
        ...times,
      };
    }),
    functions: functions.toSorted(bySelfTime).map((one) => ({ ...one })),
  };
}

type Timed = { readonly selfMs: number; readonly totalMs: number };

function bySelfTime(one: Timed, other: Timed): number {
  return other.selfMs - one.selfMs || other.totalMs - one.totalMs;
}

function timeOrNull(milliseconds: number | null): string | null {
  return milliseconds === null ? null : timeText(milliseconds);
}
