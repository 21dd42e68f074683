// The linker of a session and the loader of its file modules, which need one another.
import { Linker } from './link.ts';
import { ModuleLoader } from './module-loader.ts';
import { createHelpers } from './runtime/helpers.ts';
import type { Runtime } from './runtime/runtime.ts';

export function createLinker(runtime: Runtime): Linker {
  const loader = new ModuleLoader(runtime, (compiled) => linker.link(compiled));
  const helpers = createHelpers(runtime, (path, version, depth) =>
    loader.load(path, version, depth),
  );
  const linker = new Linker(runtime, helpers);
  return linker;
}
