// The one session of this agent: what it was configured to be. It can be configured once.
import type { ConfigureRequest } from '#protocol';
import { AgentFailure } from './agent-failure.ts';
import type { Engine } from './engines/engine.ts';
import { Executions } from './executions.ts';

export class Session {
  readonly engine: Engine;
  readonly executions: Executions;
  readonly #languages: readonly string[];
  #configuration: ConfigureRequest | null = null;

  constructor(engine: Engine, languages: readonly string[]) {
    this.engine = engine;
    this.executions = new Executions(engine);
    this.#languages = languages;
  }

  get languages(): readonly string[] {
    return this.#languages;
  }

  get sessionId(): string | null {
    return this.#configuration?.sessionId ?? null;
  }

  /** The same configuration again is harmless; another one is refused. */
  configure(request: ConfigureRequest): void {
    if (this.#configuration !== null) {
      if (isSame(this.#configuration, request)) return;
      throw new AgentFailure('invalid_request', 'The session is configured already');
    }
    if (!this.#languages.includes(request.language))
      throw new AgentFailure('invalid_request', `No engine for ${request.language}`);
    this.engine.configure(request);
    this.#configuration = request;
    this.executions.open();
  }

  /** The engine, for questions about the session. Throws `not_configured` before there is one. */
  configuredEngine(): Engine {
    if (this.#configuration === null)
      throw new AgentFailure('not_configured', 'The session is not configured yet');
    return this.engine;
  }
}

function isSame(one: ConfigureRequest, other: ConfigureRequest): boolean {
  const text = ({ environment, ...rest }: ConfigureRequest) =>
    JSON.stringify([Object.entries(rest).sort(), Object.entries(environment).sort()]);
  return text(one) === text(other);
}
