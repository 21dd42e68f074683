// Bundles the agent into one file, `build/agent/agent.mjs`: everything that the sandbox image holds of ours.
import { build } from 'esbuild';

const root = new URL('..', import.meta.url).pathname;

await build({
  absWorkingDir: root,
  entryPoints: ['src/agent/main.ts'],
  outfile: 'build/agent/agent.mjs',
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  // Names are kept for the log; white space is only read at each start.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
});
