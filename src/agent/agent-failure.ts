// A request on the link that could not be served, and why.
import type { ArchiveFault, FailureCode } from '#protocol';

export class AgentFailure extends Error {
  override readonly name = 'AgentFailure';
  readonly code: FailureCode;
  /** Of an archive that is not taken: what is wrong with it. */
  readonly fault: ArchiveFault | undefined;

  constructor(code: FailureCode, message: string, fault?: ArchiveFault) {
    super(message);
    this.code = code;
    this.fault = fault;
  }
}
