// Fills the workspace of a running session with new content of a kind, from inside its container.
import { once } from 'node:events';
import type Docker from 'dockerode';

export const workspaceKinds = ['incompressible', 'text'] as const;
export type WorkspaceKind = (typeof workspaceKinds)[number];

const filesCount = 16;

/** Replaces what there is. Throws when it fails. */
export async function fillWorkspace(
  docker: Docker,
  container: string,
  kind: WorkspaceKind,
  bytes: number,
): Promise<void> {
  const exec = await docker.getContainer(container).exec({
    Cmd: ['/usr/local/bin/node', '-e', `(${fill})(...JSON.parse(process.argv[1]))`].concat(
      JSON.stringify([kind, filesCount, Math.floor(bytes / filesCount)]),
    ),
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await exec.start({});
  let output = '';
  stream.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  await once(stream, 'end');
  const { ExitCode: status } = await exec.inspect();
  if (status !== 0) throw new Error(`filling ended with ${status}: ${output}`);
}

/** Runs in the container: nothing of this file but its own text is there. */
function fill(kind: WorkspaceKind, files: number, fileBytes: number): void {
  const { writeFileSync } = process.getBuiltinModule('node:fs');
  const { randomBytes, randomInt } = process.getBuiltinModule('node:crypto');
  const actions = ['opened', 'closed', 'read', 'written', 'moved', 'copied', 'checked', 'refused'];
  const lines = (): Buffer => {
    const content = Buffer.alloc(fileBytes);
    for (let length = 0, line = 0; length < fileBytes; line++) {
      const action = actions[randomInt(actions.length)];
      const at = new Date(1.7e12 + line * 1000 + randomInt(1000)).toISOString();
      length += content.write(
        `${at} request ${randomInt(1e6)} of user ${randomInt(500)}: file ${randomInt(1e4)} ${action} in ${randomInt(90)} ms\n`,
        length,
      );
    }
    return content;
  };
  for (let file = 0; file < files; file++)
    writeFileSync(`/workspace/files/${file}`, kind === 'text' ? lines() : randomBytes(fileBytes));
}
