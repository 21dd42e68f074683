// The orchestrator's end of a link on a socket in a directory of its own, and what tests do with it.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { vi } from 'vitest';
import type { AgentEvent } from '#protocol';
import { serveSession } from '../../src/agent/agent.ts';
import type { Link } from '../../src/agent/link.ts';
import { Session } from '../../src/agent/session.ts';
import { Workspace } from '../../src/agent/workspace/workspace.ts';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import {
  AgentLink,
  type AgentLinkOptions,
  linkSocketName,
} from '../../src/orchestrator/sandbox/agent-link.ts';
import { ScriptedEngine } from '../doubles/scripted-engine.ts';
import { configuration } from './commands.ts';
import { SocketRelay } from './socket-relay.ts';

export const token = 'token-of-this-sandbox';

/** For waits that a broken promise would make endless. */
export const patience = () => AbortSignal.timeout(20_000);

const waiting = { timeout: 20_000, interval: 5 };

export class LinkFixture implements AsyncDisposable {
  readonly directory: string;
  link: AgentLink;
  readonly #agents: Link[] = [];

  readonly #relay: SocketRelay;

  private constructor(directory: string, link: AgentLink, relay: SocketRelay) {
    this.directory = directory;
    this.link = link;
    this.#relay = relay;
  }

  static async listen(options: Partial<AgentLinkOptions> = {}): Promise<LinkFixture> {
    const directory = await mkdtemp(join(tmpdir(), 'link-'));
    const link = await listenIn(directory, options);
    const relay = await SocketRelay.listen(
      join(directory, 'relay.sock'),
      join(directory, linkSocketName),
    );
    return new LinkFixture(directory, link, relay);
  }

  get path(): string {
    return join(this.directory, linkSocketName);
  }

  /** Another orchestrator process takes over: the same directory, a fresh link. */
  async relisten(options: Partial<AgentLinkOptions> = {}): Promise<void> {
    await this.link[Symbol.asyncDispose]();
    this.link = await listenIn(this.directory, options);
  }

  /** A real agent in this process, with an engine that the test drives. */
  async startAgent(): Promise<{ session: Session; engine: ScriptedEngine }> {
    const engine = new ScriptedEngine();
    const session = new Session(engine, ['anarchy'], new Workspace(join(this.directory, 'space')));
    this.#agents.push(serveSession(session, { path: this.#relay.path, token }));
    await this.link.ready(patience());
    await this.link.agent.configure(configuration(), patience());
    return { session, engine };
  }

  /** The events of the link that is up now. */
  events(): AsyncIterator<AgentEvent> {
    return this.link.agent.events()[Symbol.asyncIterator]();
  }

  /** Breaks the connection and keeps it broken. Resolves when this end has noticed. */
  async cut(): Promise<void> {
    this.#relay.cut();
    await vi.waitUntil(() => !this.link.connected, waiting);
  }

  /** The agent can dial again. Resolves when it has. */
  async mend(): Promise<void> {
    this.#relay.mend();
    await vi.waitUntil(() => this.link.connected, waiting);
  }

  stopAgents(): void {
    for (const agent of this.#agents) agent.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopAgents();
    await this.#relay[Symbol.asyncDispose]();
    await this.link[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

function listenIn(directory: string, options: Partial<AgentLinkOptions>): Promise<AgentLink> {
  return AgentLink.listen({
    directory,
    sandboxId: 'sbx-1',
    token,
    acknowledgedSeq: 0,
    clock: systemClock,
    log: pino({ level: 'silent' }),
    ...options,
  });
}

/** Reads on until an event passes the test, that one included. Throws when the events end before. */
export async function readUntil(
  events: AsyncIterator<AgentEvent>,
  isLast: (event: AgentEvent) => boolean,
): Promise<AgentEvent[]> {
  const read: AgentEvent[] = [];
  for (;;) {
    const { value, done } = await events.next();
    if (done) throw new Error(`the events ended after ${JSON.stringify(read)}`);
    read.push(value);
    if (isLast(value)) return read;
  }
}

export const isEndOf = (executionId: string) => (event: AgentEvent) =>
  event.type === 'ended' && event.executionId === executionId;

/** Events in a form that is easy to compare: `1 started a`, `2 output a text`. */
export function brief(events: readonly AgentEvent[]): string[] {
  return events.map((event) => {
    const detail =
      event.type === 'output'
        ? ` ${event.content}`
        : event.type === 'ended'
          ? ` ${event.status}`
          : '';
    return `${event.seq} ${event.type} ${event.executionId}${detail}`;
  });
}
