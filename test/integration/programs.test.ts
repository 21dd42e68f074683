// A part of the golden programs through the real service: what the language promises holds for its users too.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../helpers/start-service.ts';
import {
  errorText,
  linesOf,
  matches,
  type ProgramExpectations,
  programFiles,
  programFolder,
  readExpectations,
} from '../programs/expectations.ts';

/** Every so many-th program. */
const step = 9;

describe('a golden program', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({ CELLAR_LOG_LEVEL: 'info' });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it.each(sample())('%s does in a container what it says', async (_, program) => {
    const environment = { env: { FEATURES: program.features.join(',') } };
    const { id } = await service.createSession(environment);
    if (program.files !== null && program.files.size > 0) await write(id, program.files);
    const stdout: string[] = [];
    const stderr: string[] = [];
    for (const unit of program.units) {
      const stdin = program.lines.map((line) => `${line}\n`).join('');
      const execution = await service.execute(id, unit.source, stdin === '' ? {} : { stdin });
      const error = execution.error === undefined ? null : errorText(execution.error);
      if (unit.error === null || error === null || !matches(unit.error, error))
        expect(error).toBe(unit.error);
      if (unit.result !== null) expect(execution.result.preview).toBe(unit.result);
      for (const { channel, content } of execution.output)
        (channel === 'stderr' ? stderr : stdout).push(content);
    }
    expect(linesOf(stdout.join(''))).toEqual(program.stdout);
    expect(linesOf(stderr.join(''))).toEqual(program.stderr);
    await service.request('DELETE', `/api/sessions/${id}`);
  });

  async function write(id: string, files: ReadonlyMap<string, string>): Promise<void> {
    const statements = [...files].map(
      ([path, text]) =>
        `mkdir(dir_name(${JSON.stringify(path)})); write(${JSON.stringify(path)}, ${JSON.stringify(text)})`,
    );
    expect((await service.execute(id, statements.join('\n'))).error).toBeUndefined();
  }
});

/** Those that need nothing a session of the service cannot be given. */
function sample(): [string, ProgramExpectations][] {
  return programFiles()
    .map((file): [string, ProgramExpectations] => [
      file,
      readExpectations(readFileSync(join(programFolder, file), 'utf8')),
    ])
    .filter(
      ([, { args, files, network, lines, units }]) =>
        args.length === 0 &&
        files !== null &&
        !network &&
        (lines.length === 0 || units.length === 1),
    )
    .filter((_, index) => index % step === 0);
}
