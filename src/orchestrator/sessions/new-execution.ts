// The record of an execution that was just asked for.
import { newId } from '../foundation/id.ts';
import type { ExecutionRecord } from '../registry/records.ts';
import type { ExecuteRequest } from './session-service.ts';

/** Queued at `now` (ms since 1970); `timeoutMs` applies when the request names none. */
export function newExecution(
  sessionId: string,
  request: ExecuteRequest,
  timeoutMs: number,
  now: number,
): ExecutionRecord {
  return {
    executionId: newId('exec'),
    sessionId,
    requestId: request.requestId ?? null,
    code: request.code,
    status: 'queued',
    timeoutMs: request.timeout ?? timeoutMs,
    captureOutput: request.captureOutput ?? true,
    intermediateResults: request.intermediateResults ?? false,
    interactive: request.interactive ?? false,
    profiled: request.profile ?? false,
    stdin: request.stdin ?? null,
    result: null,
    error: null,
    truncated: false,
    usage: null,
    warnings: [],
    imported: false,
    storedBytes: 0,
    queuedAt: now,
    startedAt: null,
    endedAt: null,
    durationMs: null,
  };
}
