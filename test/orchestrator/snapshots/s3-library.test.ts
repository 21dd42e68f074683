import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const orchestrator = join(import.meta.dirname, '../../../src/orchestrator');

/** Whether a process that imports the module loads the library for S3. */
async function loadsLibrary(module: string): Promise<boolean> {
  const program = `
    import { registerHooks } from 'node:module';
    let isLoaded = false;
    registerHooks({
      load(url, context, nextLoad) {
        isLoaded ||= url.includes('/node_modules/@aws-sdk/');
        return nextLoad(url, context);
      },
    });
    await import(${JSON.stringify(module)});
    process.stdout.write(String(isLoaded));
  `;
  const options = ['--input-type=module', '--eval', program];
  return (await promisify(execFile)(process.execPath, options)).stdout === 'true';
}

describe('the library for S3', () => {
  it('is loaded by the store for S3, and not by a service that keeps snapshots in a directory', async () => {
    expect(await loadsLibrary(join(orchestrator, 'snapshots/s3/s3-store.ts'))).toBe(true);
    expect(await loadsLibrary(join(orchestrator, 'assemble.ts'))).toBe(false);
  });
});
