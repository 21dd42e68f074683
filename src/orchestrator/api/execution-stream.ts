// The live events of one execution as server-sent events: from a place in the session's numbering to the execution's end.
import type { FastifyReply } from 'fastify';
import type { LiveEvent, LiveSubscription } from '../sessions/session-service.ts';
import { EventStream } from './event-stream.ts';
import type { ApiParts } from './options.ts';
import type { OutgoingTotal } from './outgoing-total.ts';
import type { Places } from './places.ts';
import { callerOf } from './principal.ts';
import type { Waits } from './waits.ts';

export type StreamOptions = {
  readonly tenant: string;
  readonly sessionId: string;
  readonly executionId: string;
  /** Events after this seq; the client has seen those before. */
  readonly since: number;
  /** False where the caller has seen nothing yet: then what other executions lost is no gap. */
  readonly resumed: boolean;
};

/** What all event streams of a service share. */
export type StreamShares = {
  /** One for each stream, taken before anything is begun. */
  readonly places: Places;
  readonly outgoingTotal: OutgoingTotal;
};

/** These are told to live connections that subscribe to them. */
const notStreamed = new Set(['state', 'metrics', 'variablesChanged']);

/** Returns when the stream stands; it goes on by itself. Throws, before anything is sent, when there is no such execution. */
export async function streamExecution(
  { sessions, authenticator, clock, settings }: ApiParts,
  waits: Waits,
  { outgoingTotal }: StreamShares,
  reply: FastifyReply,
  { tenant, sessionId, executionId, since, resumed }: StreamOptions,
): Promise<void> {
  const { outgoingBytesMax, heartbeatMs } = settings.bounds;
  const stream = new EventStream(reply, { outgoingBytesMax, outgoingTotal, heartbeatMs, clock });
  let subscription: LiveSubscription | null = null;
  const finish = () => {
    stream.end();
    subscription?.unsubscribe();
  };
  const event = (event: LiveEvent) => {
    if (stream.ended) return;
    const isGap = event.type === 'gap';
    if (isGap ? !resumed : event.executionId !== executionId) return;
    if (notStreamed.has(event.type)) return;
    stream.send(event);
    if (event.type === 'executionResult') finish();
  };
  // Asked before following: an end that is stored by now is among the events that following replays.
  const { record } = await sessions.execution(tenant, sessionId, executionId);
  subscription = await sessions.follow(
    tenant,
    sessionId,
    { since, connection: false },
    { event, room: () => stream.room(), close: finish },
  );
  if (stream.ended || record.endedAt !== null || reply.raw.destroyed) return finish();
  stream.open();
  const onClosing = () => finish();
  waits.closing.addEventListener('abort', onClosing);
  const unwatch = authenticator.watch(callerOf(reply.request), finish);
  reply.raw.on('close', () => {
    unwatch();
    waits.closing.removeEventListener('abort', onClosing);
    subscription.unsubscribe();
  });
}
