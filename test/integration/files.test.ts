// Files of a session where they really are: on the workspace of a locked-down container.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Service, startService } from '../helpers/start-service.ts';

describe('the files of a session', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it('are there in the next execution', async () => {
    const { id } = await service.createSession();
    await service.execute(id, 'mkdir("lib"); write("lib/util.ai", "f() = 6 * 7")');
    expect((await service.execute(id, 'import "lib/util"; util.f()')).result).toMatchObject({
      value: 42,
    });
    expect((await service.execute(id, '[readdir("."), read("lib/util.ai")]')).result).toMatchObject(
      { value: [['lib'], 'f() = 6 * 7'] },
    );
  });

  it('are those of one session alone', async () => {
    const { id } = await service.createSession();
    const other = await service.createSession();
    await service.execute(id, 'write("mine.txt", "x")');
    expect((await service.execute(other.id, 'readdir(".")')).result).toMatchObject({ value: [] });
  });

  it('are all that a program can reach', async () => {
    const { id } = await service.createSession();
    for (const path of ['/etc/passwd', '../etc/passwd', '/workspace/x', '/proc/self/environ']) {
      const { error } = await service.execute(id, `read("${path}")`);
      expect(error).toMatchObject({
        type: 'PermissionError',
        message: `Path leads out of the session's files: '${path}'`,
      });
    }
  });

  it('have the room that the session was given, and are usable when it is full', async () => {
    const { id } = await service.createSession({ limits: { workspaceBytes: 1024 * 1024 } });
    const { error } = await service.execute(
      id,
      'for (i = 0; i < 100; i++) { append("large.txt", "x".repeat(100000)) }',
    );
    expect(error).toMatchObject({ type: 'IOError', message: "No space left: 'large.txt'" });
    const { result } = await service.execute(id, 'remove("large.txt"); write("a", "b"); read("a")');
    expect(result).toMatchObject({ value: 'b' });
  });

  it('do not make errors that tell of the sandbox', async () => {
    const { id } = await service.createSession();
    const { error } = await service.execute(id, 'write("no/where.txt", "x")');
    expect(error).toMatchObject({ message: "No such file or directory: 'no/where.txt'" });
    expect(JSON.stringify(error)).not.toContain('workspace');
  });
});
