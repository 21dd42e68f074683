// The calls of a profile as the formats of other tools have them: stacks with what was spent at the end of each.
import type { ExecutionProfile } from '#protocol';

/** Indices of the profile's lines, outermost first. */
export type CallStack = {
  readonly lines: readonly number[];
  readonly selfMs: number;
  readonly samples: number;
};

/** Those in which something was spent. */
export function callStacks({ nodes }: ExecutionProfile): CallStack[] {
  return nodes.flatMap(({ selfMs, samples }, index) => {
    if (selfMs === 0) return [];
    const lines: number[] = [];
    for (let at = index; at >= 0; at = nodes[at]!.parent) lines.push(nodes[at]!.line);
    return [{ lines: lines.reverse(), selfMs, samples }];
  });
}

/** What stands for a file: a program that was executed has none. */
export function sourceName({ file, earlier }: { file?: string; earlier?: true }): string {
  return file ?? (earlier ? '<earlier program>' : '<program>');
}
