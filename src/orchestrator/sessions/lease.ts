// A sandbox for as long as somebody needs it.
import type { Sandbox } from '../sandbox/agent.ts';

/** A session's sandbox that runs, and goes on running until this is disposed. */
export interface Lease extends Disposable {
  readonly sandbox: Sandbox;
}
