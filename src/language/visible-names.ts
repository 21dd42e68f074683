// The variables that a function can see, found by reading its unit once more. Only for hints: nothing is kept for them while
// programs run.
import { fileProgram } from './file-module.ts';
import { type CompileContext, expand } from './macros/expand.ts';
import { parse } from './parser.ts';
import { isRenamed } from './renamed.ts';
import { resolve } from './resolver.ts';
import type { FunctionInfo } from './scope.ts';

/** Names of its own and of what surrounds it, apart from the session's. `functionIndex` -1 is the unit's top level. */
export function visibleNames(
  { source, context }: { source: string; context: CompileContext },
  functionIndex: number,
): string[] {
  const expanded = expand(parse(source).program, source, context);
  if ('severity' in expanded) return [];
  const { program } = fileProgram(expanded.program, context.file);
  const { functions, scopes, main } = resolve(program).resolved;
  let info: FunctionInfo | null =
    [...functions.values()].find(({ index }) => index === functionIndex) ?? main;
  const names = new Set<string>();
  for (; info !== null; info = info.parent) {
    for (const scope of scopes.values()) {
      if (scope.owner !== info) continue;
      for (const name of scope.variables.keys()) if (!isRenamed(name)) names.add(name);
    }
  }
  return [...names];
}
