// Builds the image of the sandboxes, when anything that goes into it has changed since the last time.
// `node scripts/build-image.ts` does that alone; the set-up does it after making sure of an engine.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type Docker from 'dockerode';
import { versionLabel } from '../src/orchestrator/runtimes/docker/engine-report.ts';
import { ensureBaseImage, hasImage } from './base-image.ts';
import { buildImage, type ContextFile } from './engine-build.ts';
import { ensureEngine } from './ensure-engine.ts';
import { run, step } from './progress.ts';

const repository = 'cellar-sandbox';
const dockerfile = 'sandbox-image/Dockerfile';
const agentDirectory = 'build/agent';
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));

/** Gives the image's name by content, `cellar-sandbox:<hash>`; `cellar-sandbox:latest` is the same image. */
export async function buildSandboxImage(docker: Docker): Promise<string> {
  await run(process.execPath, ['scripts/build-agent.ts']);
  const files = contextFiles();
  const image = `${repository}:${contentHash(files)}`;
  if (!(await hasImage(docker, image))) {
    const base = await ensureBaseImage(docker);
    const labels = { 'cellar.image': 'sandbox', [versionLabel]: version };
    await step(`building ${image}`, () => buildImage(docker, { image, base, labels, files }));
  }
  await docker.getImage(image).tag({ repo: repository, tag: 'latest' });
  return image;
}

function contextFiles(): ContextFile[] {
  const agentFiles = readdirSync(agentDirectory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  return [
    { name: 'Dockerfile', content: readFileSync(dockerfile) },
    ...agentFiles.map((path) => ({
      name: join('agent', path.slice(agentDirectory.length)),
      content: readFileSync(path),
    })),
  ];
}

function contentHash(files: readonly ContextFile[]): string {
  const hash = createHash('sha256');
  hash.update(`${version} ${process.version} ${process.env.CELLAR_BASE_IMAGE ?? ''}\n`);
  for (const { name, content } of files) {
    hash.update(`${name} ${content.byteLength}\n`);
    hash.update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

if (import.meta.main) await buildSandboxImage(await ensureEngine());
