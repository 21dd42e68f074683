// The spans of one execution, from where it was accepted to its stored end. What the sandbox says of its own times has its place inside the
// span of the link, whatever it says: it knows no span of its own, and names no moment.
import type { EndedEvent } from '#protocol';
import type { Span } from '../foundation/trace.ts';
import type { ExecutionRecord } from '../registry/records.ts';
import { placeAgentTimes } from './agent-times.ts';

export class ExecutionSpans {
  readonly #execution: Span;
  /** What it is at: waiting for its turn, with its sandbox, being stored. */
  #stage: Span | null;

  /** It was accepted as a part of `request`. */
  constructor(request: Span, { sessionId, executionId }: ExecutionRecord, tenant: string) {
    const ids = { 'cellar.session.id': sessionId, 'cellar.execution.id': executionId };
    request.set(ids);
    this.#execution = request.child('execution', { ...ids, 'cellar.tenant.id': tenant });
    this.#stage = this.#execution.child('execution queue');
  }

  get traceId(): string {
    return this.#execution.traceId;
  }

  /** It is being handed to its sandbox. Gives what the agent is told. */
  handed(): string {
    this.#stage?.end();
    this.#stage = this.#execution.child('link');
    return this.#stage.traceparent;
  }

  /** The agent has said that it is over. */
  heard(times: EndedEvent['times']): void {
    const link = this.#stage;
    if (link === null) return;
    const at = link.now();
    if (times !== undefined) {
      const placed = placeAgentTimes(times, { from: link.begunAt, to: at });
      const agent = link.child('agent', {}, placed.received);
      agent.child('engine', {}, placed.begun).end(placed.ended);
      agent.end(placed.ended);
    }
    link.end(at);
    this.#stage = this.#execution.child('execution store', {}, at);
  }

  /** Its end is stored, and told. */
  ended({ status, truncated }: ExecutionRecord): void {
    this.#stage?.end();
    this.#stage = null;
    this.#execution.set({
      'cellar.execution.status': status,
      'cellar.execution.truncated': truncated,
    });
    if (status !== 'success') this.#execution.fail(status);
    this.#execution.end();
  }
}
