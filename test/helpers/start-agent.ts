// The real agent as a process of its own, with the orchestrator's end of its link: what a sandbox is, without the container.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { AgentEvent, ConfigureRequest, EndedEvent, ExecuteCommand } from '#protocol';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { AgentLink, linkSocketName } from '../../src/orchestrator/sandbox/agent-link.ts';
import { configuration, program } from './commands.ts';
import { isEndOf, patience, readUntil, token } from './link-fixture.ts';

const entry = new URL('../../src/agent/main.ts', import.meta.url).pathname;

export type Run = {
  readonly events: readonly AgentEvent[];
  readonly ended: EndedEvent;
  /** Everything on standard output. */
  readonly output: string;
};

export class AgentProcess implements AsyncDisposable {
  readonly directory: string;
  link: AgentLink;
  readonly process: ChildProcess;
  events: AsyncIterator<AgentEvent>;
  #executions = 0;

  private constructor(directory: string, link: AgentLink, child: ChildProcess) {
    this.directory = directory;
    this.link = link;
    this.process = child;
    this.events = link.agent.events()[Symbol.asyncIterator]();
  }

  /** Started, connected and configured; `prepared`: after it was made to wait for its session. */
  static async start(
    settings: Partial<ConfigureRequest> = {},
    command: readonly string[] = [entry],
    { prepared } = { prepared: false },
  ): Promise<AgentProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'agent-'));
    const link = await listenIn(directory, 0);
    const workspace = join(directory, 'workspace');
    const child = spawn(process.execPath, command, {
      env: {
        CELLAR_LINK: join(directory, linkSocketName),
        CELLAR_EGRESS: join(directory, 'egress.sock'),
        CELLAR_TOKEN: token,
        CELLAR_WORKSPACE: workspace,
        SECRET: 'host',
      },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const agent = new AgentProcess(directory, link, child);
    await link.ready(patience());
    if (prepared) await link.agent.prepare(patience());
    await link.agent.configure(configuration(settings), patience());
    return agent;
  }

  /** Directory of the session's files. */
  get workspace(): string {
    return join(this.directory, 'workspace/files');
  }

  /** Another orchestrator takes over, which has stored the events up to this one. */
  async relisten(acknowledgedSeq: number): Promise<void> {
    await this.link[Symbol.asyncDispose]();
    this.link = await listenIn(this.directory, acknowledgedSeq);
    this.events = this.link.agent.events()[Symbol.asyncIterator]();
  }

  /** Gives a program without waiting for anything; its id. */
  submit(code: string, rest: Partial<ExecuteCommand> = {}): string {
    const executionId = `run-${++this.#executions}`;
    this.link.agent.execute(program(executionId, code, rest));
    return executionId;
  }

  /** Events of a program up to its end, acknowledged. Only for one program at a time. */
  async finish(executionId: string): Promise<Run> {
    const events = await readUntil(this.events, isEndOf(executionId));
    const ended = events.at(-1) as EndedEvent;
    this.link.agent.acknowledge(ended.seq);
    const output = events
      .filter((event) => event.type === 'output' && event.channel === 'stdout')
      .map((event) => (event as { content: string }).content)
      .join('');
    return { events, ended, output };
  }

  async run(code: string, rest: Partial<ExecuteCommand> = {}): Promise<Run> {
    return this.finish(this.submit(code, rest));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = this.process.exitCode !== null || this.process.signalCode !== null;
    if (!exited) {
      this.process.kill('SIGKILL');
      await once(this.process, 'exit');
    }
    await this.link[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function listenIn(directory: string, acknowledgedSeq: number): Promise<AgentLink> {
  return AgentLink.listen({
    directory,
    sandboxId: 'sbx-1',
    token,
    acknowledgedSeq,
    clock: systemClock,
    log: pino({ level: 'silent' }),
  });
}
