// What every way of executing shares: HTTP in its three forms and the live connection.
import type { ExecutionRecord } from '../registry/records.ts';
import type { IdempotentReply } from '../registry/session-registry.ts';
import { executionJson } from './views.ts';

/** How a client wants an execution's outcome. */
export type ExecuteMode = 'wait' | 'background' | 'stream';

/** From the `Prefer` and `Accept` headers. */
export function executeMode(headers: {
  prefer?: string;
  accept?: string | undefined;
}): ExecuteMode {
  if (wantsEventStream(headers.accept)) return 'stream';
  const preferences = headers.prefer?.split(',').map((part) => part.trim().toLowerCase()) ?? [];
  return preferences.includes('respond-async') ? 'background' : 'wait';
}

/** True when the `Accept` header names server-sent events. */
export function wantsEventStream(accept: string | undefined): boolean {
  const types = accept?.split(',').map((part) => part.split(';', 1)[0]!.trim().toLowerCase());
  return types?.includes('text/event-stream') ?? false;
}

/** The reply that says where the execution can be found. */
export function acceptedReply(record: ExecutionRecord): IdempotentReply {
  return {
    status: 202,
    headers: { location: executionAddress(record) },
    body: JSON.stringify(executionJson({ record, output: [] })),
  };
}

export function executionAddress({ sessionId, executionId }: ExecutionRecord): string {
  return `/api/sessions/${sessionId}/executions/${executionId}`;
}
