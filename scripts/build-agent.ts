// Bundles the agent into `build/agent`, `agent.mjs` being the entry: everything that the sandbox image holds of ours.
import { rm } from 'node:fs/promises';
import { build, type Plugin } from 'esbuild';
import { Code } from 'typebox/compile';
import { requestShapes } from '../src/agent/request-shapes.ts';

const root = new URL('..', import.meta.url).pathname;

/** Puts the generated checks in the place of the schemas, and leaves the schema library out: it would double the agent's start. */
const generatedShapes: Plugin = {
  name: 'generated-shapes',
  setup(build) {
    build.onLoad({ filter: /src\/agent\/request-shapes\.ts$/ }, () => ({
      contents: shapesModule(),
      resolveDir: root,
      loader: 'js',
    }));
    build.onLoad({ filter: /^/, namespace: 'shape' }, ({ path }) => ({
      contents: shapeModule(path as keyof typeof requestShapes),
      resolveDir: root,
      loader: 'js',
    }));
    build.onResolve({ filter: /^shape:/ }, ({ path }) => ({
      path: path.slice('shape:'.length),
      namespace: 'shape',
    }));
    // What only makes schemas has no effect when nobody uses them.
    build.onResolve(
      { filter: /\/(messages|failures)\.ts$/ },
      async ({ path, pluginData, ...rest }) => {
        if (pluginData === 'resolved') return null;
        const resolved = await build.resolve(path, { ...rest, pluginData: 'resolved' });
        return { ...resolved, sideEffects: false };
      },
    );
  },
};

/** The same export as `request-shapes.ts`, out of one generated module per shape. */
function shapesModule(): string {
  const names = Object.keys(requestShapes);
  return [
    ...names.map((name) => `import { Check as ${name} } from 'shape:${name}';`),
    `export const requestShapes = {`,
    ...names.map((name) => `  ${name}: { Check: ${name} },`),
    `};`,
  ].join('\n');
}

function shapeModule(name: keyof typeof requestShapes): string {
  const { Code: code, External } = Code(requestShapes[name].Type());
  // What the checks refer to are patterns; `String` gives a pattern as its literal.
  const variables = External.variables.map((variable) => {
    if (!(variable instanceof RegExp)) throw new Error(`shape ${name} refers to ${variable}`);
    return String(variable);
  });
  return `${code}\nSetExternal({ variables: [${variables.join(', ')}] });\n`;
}

await rm(`${root}build/agent`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: { agent: 'src/agent/main.ts' },
  outdir: 'build/agent',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  // The main thread and the worker each load their own half only: HTTP/2 here, the language there.
  splitting: true,
  // For the tar library, which asks for modules of Node as CommonJS does.
  banner: {
    js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
  },
  platform: 'node',
  format: 'esm',
  target: 'node24',
  plugins: [generatedShapes],
  // Names are kept for the log; white space is only read at each start.
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
});
