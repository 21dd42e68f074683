// A profile as a file of speedscope (https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources).
import type { ProfileView } from '../../sessions/execution-profile.ts';
import { callStacks, sourceName } from './call-stacks.ts';

type Frame = { readonly name: string; readonly file?: string; readonly line?: number };
type SampledProfile = {
  readonly type: 'sampled';
  readonly name: string;
  readonly unit: 'milliseconds' | 'bytes';
  readonly startValue: 0;
  readonly endValue: number;
  readonly samples: number[][];
  readonly weights: number[];
};

export type SpeedscopeFile = {
  readonly $schema: 'https://www.speedscope.app/file-format-schema.json';
  readonly shared: { readonly frames: Frame[] };
  readonly profiles: SampledProfile[];
  readonly name: string;
  readonly activeProfileIndex: 0;
  readonly exporter: 'cellar';
};

export function speedscopeFile({ record, stored }: ProfileView): SpeedscopeFile {
  const { functions, lines, garbageCollectionMs, otherMs } = stored.profile;
  const frames: Frame[] = lines.map(({ function: index, line }) => {
    const of = functions[index]!;
    return { name: of.name, file: sourceName(of), line };
  });
  const frame = (made: Frame) => frames.push(made) - 1;
  const time = callStacks(stored.profile).map((stack) => [stack.lines, stack.selfMs] as const);
  time.push([[frame({ name: '(garbage collector)' })], garbageCollectionMs]);
  time.push([[frame({ name: '(engine)' })], otherMs]);
  const memory = functions.map(
    (of) =>
      [[frame({ name: of.name, file: sourceName(of), line: of.line })], of.allocatedBytes] as const,
  );
  return {
    $schema: 'https://www.speedscope.app/file-format-schema.json',
    shared: { frames },
    profiles: [sampled('Time', 'milliseconds', time), sampled('Allocated', 'bytes', memory)],
    name: record.executionId,
    activeProfileIndex: 0,
    exporter: 'cellar',
  };
}

function sampled(
  name: string,
  unit: SampledProfile['unit'],
  weighted: readonly (readonly [stack: readonly number[], weight: number])[],
): SampledProfile {
  const present = weighted.filter(([, weight]) => weight > 0);
  return {
    type: 'sampled',
    name,
    unit,
    startValue: 0,
    endValue: present.reduce((sum, [, weight]) => sum + weight, 0),
    samples: present.map(([stack]) => [...stack]),
    weights: present.map(([, weight]) => weight),
  };
}
