// The house rules that a machine can check: who may import whom, what a file looks like, and that tables and
// documents say what the code does.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { referenceDirectory, references } from '../docs/generate.ts';
import { settingNames } from '../src/orchestrator/config/config.ts';
import { errorTable } from '../src/orchestrator/foundation/errors.ts';
import {
  importCycles,
  projectDirectory,
  reachable,
  type SourceFile,
  sourceFiles,
} from './helpers/source-files.ts';

const source = sourceFiles('src');
const everything = [
  ...source,
  ...['test', 'docs', 'scripts', 'bench', 'grafana'].flatMap((directory) => sourceFiles(directory)),
];

/** Files that are started, not imported. */
const entryPoints = ['src/orchestrator/main.ts', 'src/agent/main.ts'];

/** Which zones a zone may import beside itself. */
const zoneImports: Readonly<Record<string, readonly string[]>> = {
  protocol: [],
  language: [],
  agent: ['protocol', 'language'],
  orchestrator: ['protocol'],
};

/** Folders of the orchestrator; each may import those of lower layers, and none beside it. */
const layers: Readonly<Record<string, number>> = {
  'main.ts': 8,
  'assemble.ts': 7,
  'open-store.ts': 6,
  'open-traces.ts': 6,
  'surroundings.ts': 6,
  api: 6,
  access: 5,
  bridges: 5,
  sessions: 4,
  pool: 3,
  sandbox: 2,
  audit: 2,
  usage: 2,
  backup: 2,
  doctor: 2,
  runtimes: 1,
  registry: 1,
  snapshots: 1,
  egress: 1,
  admission: 1,
  overload: 1,
  auth: 1,
  metrics: 1,
  tracing: 1,
  config: 1,
  foundation: 0,
};

const linesMax = 400;
const unfinished = new RegExp(
  `\\b(${['TO', 'FIX', 'XX'].map((word, i) => word + ['DO', 'ME', 'X'][i]).join('|')})\\b`,
);

describe('the tree', () => {
  it('imports only what its zone may see', () => {
    expect(
      arrows(source).filter(({ from, to }) => {
        const [zone, target] = [partOf(from, 1), partOf(to, 1)];
        return zone !== target && !zoneImports[zone]?.includes(target);
      }),
    ).toEqual([]);
  });

  it('imports other zones by their faces only', () => {
    const wrong = source.flatMap(({ path, imports }) =>
      imports
        .filter(({ specifier, target }) => {
          if (target === null || partOf(path, 1) === partOf(target, 1)) return false;
          return specifier.startsWith('.');
        })
        .map(({ specifier }) => `${path} imports ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  it('imports lower layers of the orchestrator only', () => {
    expect(
      arrows(source).filter(({ from, to }) => {
        if (partOf(from, 1) !== 'orchestrator' || partOf(to, 1) !== 'orchestrator') return false;
        const [folder, target] = [partOf(from, 2), partOf(to, 2)];
        return folder !== target && layerOf(folder) <= layerOf(target);
      }),
    ).toEqual([]);
  });

  it('has no import cycles, not even of types', () => {
    expect(importCycles(source).map((cycle) => cycle.join(' → '))).toEqual([]);
  });

  it('has no file that nobody uses', () => {
    const used = reachable(source, entryPoints);
    expect(source.map(({ path }) => path).filter((path) => !used.has(path))).toEqual([]);
  });

  it('imports files that are there, with their endings', () => {
    const paths = new Set(everything.map(({ path }) => path));
    expect(arrows(everything).filter(({ to }) => to.endsWith('.ts') && !paths.has(to))).toEqual([]);
    expect(
      source.filter(({ imports }) =>
        imports.some(({ specifier }) => /^\.\.?\/(?!.*\.(ts|json)$)/.test(specifier)),
      ),
    ).toEqual([]);
  });

  it('keeps the language pure: no module of Node, no package', () => {
    const impure = source
      .filter(({ path }) => partOf(path, 1) === 'language')
      .flatMap(({ path, imports }) =>
        imports.filter(({ target }) => target === null).map((item) => `${path}: ${item.specifier}`),
      );
    expect(impure).toEqual([]);
  });
});

describe('a file', () => {
  it('has a kebab-case name', () => {
    const wrong = everything.filter(
      ({ path }) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.ts$/.test(basename(path)),
    );
    expect(pathsOf(wrong)).toEqual([]);
  });

  it('begins by saying what it is for', () => {
    expect(pathsOf(source.filter(({ text }) => !/^(\/\/ \S|\/\*\* \S)/.test(text)))).toEqual([]);
  });

  it('exports by name only', () => {
    expect(pathsOf(source.filter(({ text }) => /^export default\b/m.test(text)))).toEqual([]);
  });

  it(`has at most ${linesMax} lines`, () => {
    const long = source.filter(({ text }) => text.split('\n').length > linesMax + 1);
    expect(pathsOf(long)).toEqual([]);
  });

  it('is finished: nothing is marked as to be done', () => {
    expect(pathsOf(everything.filter(({ text }) => unfinished.test(text)))).toEqual([]);
  });

  it('has no control characters, byte order marks or trailing spaces', () => {
    const stray = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028\u2029\ufeff]| +$/m;
    expect(pathsOf(everything.filter(({ text }) => stray.test(text)))).toEqual([]);
  });
});

describe('the tables', () => {
  it('hold no error code that is never thrown', () => {
    const code = textOf(source.filter(({ path }) => !path.endsWith('/foundation/errors.ts')));
    expect(Object.keys(errorTable).filter((name) => !code.includes(`'${name}'`))).toEqual([]);
  });

  it('hold no setting that is never used', () => {
    const code = textOf(source.filter(({ path }) => /^src\/orchestrator\/(?!config\/)/.test(path)));
    expect(settingNames.filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });
});

describe('the reference', () => {
  it.each(Object.entries(references))(
    '%s is what the source says (npm run docs)',
    async (name, text) => {
      expect(readFileSync(new URL(name, referenceDirectory), 'utf8')).toBe(await text());
    },
  );

  it('explains every error code', () => {
    const page = readFileSync(join(projectDirectory, 'docs/reference/errors.md'), 'utf8');
    expect(Object.keys(errorTable).filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
  });
});

function arrows(files: readonly SourceFile[]): { from: string; to: string }[] {
  return files.flatMap(({ path, imports }) =>
    imports.flatMap(({ target }) => (target === null ? [] : [{ from: path, to: target }])),
  );
}

function partOf(path: string, index: number): string {
  return path.split('/')[index] ?? '';
}

function layerOf(folder: string): number {
  const layer = layers[folder];
  if (layer === undefined) throw new Error(`${folder} has no layer`);
  return layer;
}

function pathsOf(files: readonly SourceFile[]): string[] {
  return files.map(({ path }) => path);
}

function textOf(files: readonly SourceFile[]): string {
  return files.map(({ text }) => text).join('\n');
}
