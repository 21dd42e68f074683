// A request on the link that could not be served, and why.
import type { FailureCode } from '#protocol';

export class AgentFailure extends Error {
  override readonly name = 'AgentFailure';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string) {
    super(message);
    this.code = code;
  }
}
