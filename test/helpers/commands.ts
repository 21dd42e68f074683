// Requests to an agent with everything but the interesting part filled in.
import type { ConfigureRequest, ExecuteCommand } from '#protocol';

export function program(
  executionId: string,
  code: string,
  rest: Partial<ExecuteCommand> = {},
): Omit<ExecuteCommand, 'type'> {
  return {
    executionId,
    code,
    timeoutMs: 30_000,
    captureOutput: true,
    intermediateResults: false,
    interactive: false,
    ...rest,
  };
}

export function configuration(rest: Partial<ConfigureRequest> = {}): ConfigureRequest {
  return {
    sessionId: 'ses-1',
    language: 'anarchy',
    environment: {},
    outputBytesMax: 1024 * 1024,
    heapBytesMax: 128 * 1024 * 1024,
    ...rest,
  };
}
