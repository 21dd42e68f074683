// Second half of `make setup`, when the npm packages are there: a reachable Docker Engine, then the sandbox image.
import { buildSandboxImage } from './build-image.ts';
import { ensureEngine } from './ensure-engine.ts';
import { SetupError } from './progress.ts';

try {
  const docker = await ensureEngine();
  await buildSandboxImage(docker);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 1;
}
