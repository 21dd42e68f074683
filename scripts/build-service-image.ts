// Builds the orchestrator's own image where no registry of images, and no network in a build, can be counted on: from the base that the
// sandboxes' image is made from too, with the packages that are installed here. `node scripts/build-service-image.ts [NAME]`; elsewhere
// `docker build .` does the same from public parts.
import { execFile } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import type Docker from 'dockerode';
import { ensureBaseImage } from './base-image.ts';
import { buildImage, type ContextFile } from './engine-build.ts';
import { ensureEngine } from './ensure-engine.ts';
import { SetupError, step } from './progress.ts';

const packagesDirectory = 'build/image-packages';
const parts = [
  'Dockerfile',
  'package.json',
  'package-lock.json',
  packagesDirectory,
  'src/protocol',
  'src/orchestrator',
  'sandbox-image/seccomp.json',
];
/** The base brings it. */
const notTaken = /^(node|node-bin-.*|\.bin)$/;

export async function buildServiceImage(docker: Docker, name: string): Promise<void> {
  const base = await ensureBaseImage(docker);
  await step('collecting packages', collectPackages);
  await step(`building ${name}`, () =>
    buildImage(docker, { image: name, base, files: contextFiles() }),
  );
  rmSync(packagesDirectory, { recursive: true });
}

/** Those that the service runs with, as they are installed here. */
async function collectPackages(): Promise<void> {
  rmSync(packagesDirectory, { recursive: true, force: true });
  const listed = await listPackages();
  const names = new Set<string>();
  for (const path of listed.split('\n')) {
    const inside = relative(join(process.cwd(), 'node_modules'), path.trim());
    if (path === '' || inside.startsWith('..')) continue;
    const [first = '', second = ''] = inside.split('/');
    names.add(first.startsWith('@') ? join(first, second) : first);
  }
  for (const name of names)
    if (!notTaken.test(name) && existsSync(join('node_modules', name)))
      cpSync(join('node_modules', name), join(packagesDirectory, 'node_modules', name), {
        recursive: true,
      });
}

async function listPackages(): Promise<string> {
  const parameters = ['ls', '--all', '--omit=dev', '--parseable', '--loglevel=silent'];
  try {
    return (await promisify(execFile)('npm', parameters)).stdout;
  } catch (cause) {
    throw new SetupError('the packages here are not those of package.json: run make setup', {
      cause,
    });
  }
}

function contextFiles(): ContextFile[] {
  return parts.flatMap(filesOf).map((name) => ({ name, content: readFileSync(name) }));
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

if (import.meta.main) await buildServiceImage(await ensureEngine(), process.argv[2] ?? 'cellar');
