// A running container with its agent's link, as one thing: it is lost as one, and it goes as one.

import type { Agent, Sandbox } from './agent.ts';

export type SandboxParts = Pick<
  Sandbox,
  'sandboxId' | 'runtimeId' | 'runtime' | 'agent' | 'lost'
> & {
  /** Takes everything down again, last made first. After it `lost` must not resolve any more. */
  readonly undo: AsyncDisposableStack;
};

export class LiveSandbox implements Sandbox {
  readonly sandboxId: string;
  readonly runtimeId: string;
  readonly runtime: string;
  readonly agent: Agent;
  readonly lost: Sandbox['lost'];
  readonly #undo: AsyncDisposableStack;
  #disposal: Promise<void> | null = null;

  constructor(parts: SandboxParts) {
    this.sandboxId = parts.sandboxId;
    this.runtimeId = parts.runtimeId;
    this.runtime = parts.runtime;
    this.agent = parts.agent;
    this.lost = parts.lost;
    this.#undo = parts.undo;
  }

  /** Destroys the container, then its link and directory: each even if one before failed. Throws what failed. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disposal ??= this.#undo.disposeAsync();
    return this.#disposal;
  }
}
