// Runs a program in the container of a session that is in use, beside the agent and with all its rights: what code can do that has
// broken out of its engine.
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { docker } from './start-service.ts';

type SessionView = { readonly sandbox: { readonly id: string } };

export function containerOf({ sandbox }: SessionView) {
  return docker.getContainer(`cellar-${sandbox.id}`);
}

/** Runs `node -e code` there to its end, and gives what it wrote. */
export async function nodeInside(session: SessionView, code: string): Promise<string> {
  const execution = await containerOf(session).exec({
    Cmd: ['/usr/local/bin/node', '-e', code],
    AttachStdout: true,
    AttachStderr: true,
  });
  const stream = await execution.start({ hijack: true, stdin: false });
  const joined = new PassThrough();
  docker.modem.demuxStream(stream, joined, joined);
  stream.once('end', () => joined.end());
  return text(joined);
}

/** Runs code that ends with a value, and gives the value. Throws with the output when it is none. */
export async function valueInside(session: SessionView, code: string): Promise<unknown> {
  const output = await nodeInside(
    session,
    `(async () => { ${code} })().then((value) => process.stdout.write(JSON.stringify(value), () => process.exit()))`,
  );
  try {
    return JSON.parse(output);
  } catch {
    throw new Error(`the probe failed: ${output}`);
  }
}

/** The secret with which the agent of a session proves itself. */
export async function tokenOf(session: SessionView): Promise<string> {
  const { Config } = await containerOf(session).inspect();
  const prefix = 'CELLAR_TOKEN=';
  const line = Config.Env.find((each) => each.startsWith(prefix));
  if (line === undefined) throw new Error('the container has no token');
  return line.slice(prefix.length);
}
