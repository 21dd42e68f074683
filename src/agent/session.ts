// The one session of this agent: what it was configured to be. Its settings may change, which session it is may not.
import type { ConfigureRequest } from '#protocol';
import { AgentFailure } from './agent-failure.ts';
import type { Engine } from './engines/engine.ts';
import { Executions } from './executions.ts';
import type { Workspace } from './workspace/workspace.ts';

export class Session {
  readonly engine: Engine;
  readonly workspace: Workspace;
  readonly executions: Executions;
  readonly #languages: readonly string[];
  #configuration: ConfigureRequest | null = null;

  constructor(engine: Engine, languages: readonly string[], workspace: Workspace) {
    this.engine = engine;
    this.workspace = workspace;
    this.executions = new Executions(engine);
    this.#languages = languages;
  }

  get languages(): readonly string[] {
    return this.#languages;
  }

  get sessionId(): string | null {
    return this.#configuration?.sessionId ?? null;
  }

  /** Makes the engine ready for a session that is not known yet. Throws `invalid_request` when there is one already. */
  async prepare(): Promise<void> {
    if (this.#configuration !== null)
      throw new AgentFailure('invalid_request', 'This agent has a session already');
    // Most agents never have to: those that wait for a session have the time.
    const { warmUpArchives } = await import('./archive/warm-up.ts');
    await Promise.all([this.engine.prepare(), warmUpArchives()]);
  }

  /** Again: changes the settings of the same session. Another session is refused. */
  configure(request: ConfigureRequest): void {
    const known = this.#configuration;
    if (known && (known.sessionId !== request.sessionId || known.language !== request.language))
      throw new AgentFailure('invalid_request', 'This agent has another session already');
    if (!this.#languages.includes(request.language))
      throw new AgentFailure('invalid_request', `No engine for ${request.language}`);
    this.engine.configure(request);
    this.#configuration = request;
    this.executions.open();
  }

  /** What it was configured to be. Throws `not_configured` before that. */
  get configuration(): ConfigureRequest {
    if (this.#configuration === null)
      throw new AgentFailure('not_configured', 'The session is not configured yet');
    return this.#configuration;
  }

  /** The engine, for questions about the session. Throws `not_configured`. */
  configuredEngine(): Engine {
    return this.configuration && this.engine;
  }
}
