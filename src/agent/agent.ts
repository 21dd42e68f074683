// Puts the agent together around its engine: session, server, link. Takes from the environment what it needs and removes it there.
import { routes } from '#protocol';
import type { Engine } from './engines/engine.ts';
import { channel } from './handlers/channel.ts';
import { configure } from './handlers/configure.ts';
import { fileStatus, files, readFile, removeFile, writeFile } from './handlers/files.ts';
import { hello } from './handlers/hello.ts';
import { inspect, variables } from './handlers/inspect.ts';
import { prepare } from './handlers/prepare.ts';
import { reset } from './handlers/reset.ts';
import { restore, snapshot } from './handlers/snapshot.ts';
import { Link } from './link.ts';
import { createLinkServer } from './server.ts';
import { Session } from './session.ts';
import type { Workspace } from './workspace/workspace.ts';

/** Runs until the process is told to end. */
export function runAgent(engine: Engine, workspace: Workspace): void {
  exitOnFault();
  const path = takeVariable('CELLAR_LINK');
  const token = takeVariable('CELLAR_TOKEN');
  const link = serveSession(new Session(engine, ['anarchy'], workspace), { path, token });
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      link.close();
      process.exit(0);
    });
}

/** Dials the orchestrator at `path` and serves the session there, until the link is closed. */
export function serveSession(
  session: Session,
  { path, token }: { readonly path: string; readonly token: string },
): Link {
  const link: Link = new Link(
    path,
    createLinkServer({
      [routes.hello]: hello(session, token, () => link.established()),
      [routes.prepare]: prepare(session),
      [routes.configure]: configure(session),
      [routes.channel]: channel(session),
      [routes.variables]: variables(session),
      [routes.inspect]: inspect(session),
      [routes.snapshot]: snapshot(session),
      [routes.restore]: restore(session, 'same'),
      [routes.fork]: restore(session, 'fork'),
      [routes.restoreFiles]: restore(session, 'files'),
      [routes.reset]: reset(session),
      [routes.files]: files(session),
      [routes.fileStatus]: fileStatus(session),
      [routes.fileRead]: readFile(session),
      [routes.fileWrite]: writeFile(session),
      [routes.fileRemove]: removeFile(session),
    }),
  );
  link.dial();
  return link;
}

/** A fault of our own ends the process with one line: the orchestrator notices, and no half-broken agent goes on. */
function exitOnFault(): void {
  const exit = (error: unknown) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`agent: ${text.replaceAll('\n', ' | ')}\n`);
    process.exit(70);
  };
  process.on('uncaughtException', exit);
  process.on('unhandledRejection', exit);
}

function takeVariable(name: string): string {
  const value = process.env[name];
  // SECURITY: what runs in this process later shall not find it.
  delete process.env[name];
  if (value !== undefined && value !== '') return value;
  process.stderr.write(`agent: ${name} is not set\n`);
  process.exit(64);
}
