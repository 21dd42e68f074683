/** Why the service cannot start, in words for its operator: printed as it is, without a stack. Never sent to a client. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
