// One client on one session: its messages in, the session's events out. What the session says is passed on as it is,
// in the same turn; what the client says is checked before anyone else sees it.
import type { Duplex } from 'node:stream';
import type { WebSocket } from '@fastify/websocket';
import type { Principal } from '../../auth/authenticator.ts';
import { messageNeeds } from '../../auth/permissions.ts';
import { AppError, type ErrorCode } from '../../foundation/errors.ts';
import { inSpan } from '../../foundation/trace.ts';
import { unreachable } from '../../foundation/unreachable.ts';
import type { LiveEvent, LiveFollower, LiveSubscription } from '../../sessions/session-service.ts';
import { liveErrorOf, logFailure, toAppError } from '../error-reply.ts';
import type { ApiParts } from '../options.ts';
import type { OutgoingTotal } from '../outgoing-total.ts';
import { refuseUnless } from '../principal.ts';
import { inspectDepthDefault } from '../schemas/request.ts';
import { checkTimeout } from '../session-settings.ts';
import { boundsOf } from '../tenant-bounds.ts';
import type { Waits } from '../waits.ts';
import {
  type ClientMessage,
  readClientMessage,
  type SubscribableEvent,
} from './client-messages.ts';
import type { CloseReason } from './close-codes.ts';
import { MessageBudget } from './message-budget.ts';
import type { MetricsSampler } from './metrics-sampler.ts';
import { Outgoing } from './outgoing.ts';
import type { OwnMessage } from './server-messages.ts';

export type LiveConnectionParts = {
  readonly api: ApiParts;
  readonly waits: Waits;
  readonly sampler: MetricsSampler;
  readonly outgoingTotal: OutgoingTotal;
  readonly socket: WebSocket;
  readonly stream: Duplex;
  readonly principal: Principal;
  readonly sessionId: string;
  /** Of the request that opened it: for messages that have none of their own. */
  readonly traceparent: string | undefined;
  /** Throws `rate_limited`. */
  readonly countExecution: () => Promise<void>;
  /** Notes what the client asked for; null: it was done. */
  readonly audit: (action: string, refusal: ErrorCode | null) => void;
};

/** What changes something. */
const auditedMessages: readonly string[] = ['execute', 'cancel', 'stdin'];

/** Event types that are only sent to those who subscribed, and to what. */
const subscriptionFor: Readonly<Record<string, SubscribableEvent>> = {
  state: 'state',
  variablesChanged: 'variables',
};

export class LiveConnection implements LiveFollower {
  readonly #parts: LiveConnectionParts;
  readonly #outgoing: Outgoing;
  readonly #budget: MessageBudget;
  readonly #subscribed = new Set<SubscribableEvent>();
  #subscription: LiveSubscription | null = null;
  #requests = 0;
  #unwatchMetrics: (() => void) | null = null;
  #closed = false;
  readonly #gone = new AbortController();

  constructor(parts: LiveConnectionParts) {
    const { socket, stream, api } = parts;
    const { bounds } = api.settings;
    this.#parts = parts;
    this.#outgoing = new Outgoing(socket, stream, {
      bytesMax: bounds.outgoingBytesMax,
      total: parts.outgoingTotal,
      observe: api.observe,
    });
    this.#budget = new MessageBudget(api.clock, bounds.liveMessagesPerSecondMax);
  }

  /** Starts following, from after `since` when it is given. Messages wait in the socket until that stands. */
  async open(since: number | undefined): Promise<void> {
    const { api, socket, principal, sessionId, audit } = this.#parts;
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    // SECURITY: a ping is a message too, and is answered.
    socket.on('ping', () => {
      if (!this.#budget.take()) this.#tooMany();
    });
    socket.on('close', () => this.#stop());
    api.observe?.({ type: 'socketOpened' });
    socket.pause();
    audit('open', null);
    try {
      const subscription = await api.sessions.follow(
        principal.tenant,
        sessionId,
        { connection: true, ...(since === undefined ? {} : { since }) },
        this,
      );
      this.#subscription = subscription;
      if (this.#closed) subscription.unsubscribe();
    } catch (error) {
      const { code } = this.#known(error);
      this.#outgoing.close(code === 'session_not_found' ? 'sessionNotFound' : 'internal');
    } finally {
      socket.resume();
    }
  }

  event(event: LiveEvent): void {
    const wanted = subscriptionFor[event.type];
    if (wanted === undefined || this.#subscribed.has(wanted)) this.#outgoing.send(event.text);
  }

  /** The client's key opens nothing any more. */
  end(): void {
    this.#outgoing.close('unauthenticated');
  }

  room(): Promise<boolean> {
    return this.#outgoing.room(this.#parts.api.clock);
  }

  close(reason: 'deleted' | 'shuttingDown'): void {
    this.#outgoing.close(reason === 'deleted' ? 'sessionDeleted' : 'goingAway');
  }

  #receive(data: Buffer, isBinary: boolean): void {
    // SECURITY: counted before it is read, so that nonsense is not cheaper than sense.
    if (!this.#budget.take()) this.#tooMany();
    else if (isBinary) this.#offence('unsupportedData', 'Messages are JSON text, not binary.');
    else if (data.byteLength > this.#parts.api.settings.bounds.executeBytesMax) {
      this.#offence('messageTooBig', 'The message is too large.', 'payload_too_large');
    } else this.#read(data);
  }

  #read(data: Buffer): void {
    const value = parseJson(data);
    if (value === undefined) {
      this.#offence('malformed', 'The message is not JSON.');
      return;
    }
    const message = readClientMessage(value);
    if ('refusal' in message) {
      const { requestId, ...refusal } = message.refusal;
      this.#tell({ type: 'error', ...refusal, ...(requestId === undefined ? {} : { requestId }) });
      return;
    }
    this.#track(message, this.#handle(message));
  }

  async #handle(message: ClientMessage): Promise<void> {
    refuseUnless(this.#parts.principal, messageNeeds[message.type]);
    switch (message.type) {
      case 'execute':
        return this.#execute(message);
      case 'cancel':
        return this.#sessions.cancel(this.#tenant, this.#sessionId, message.executionId);
      case 'stdin':
        return this.#sessions.stdin(
          this.#tenant,
          this.#sessionId,
          message.executionId,
          message.content,
        );
      case 'inspect':
        return this.#inspect(message);
      case 'variables':
        return this.#variables(message);
      case 'subscribe':
        return this.#subscribe(message.events);
      case 'ping':
        return this.#answer(message.id, { type: 'pong', timestamp: this.#parts.api.clock.now() });
      default:
        return unreachable(message);
    }
  }

  async #execute(message: Extract<ClientMessage, { type: 'execute' }>) {
    const { code, id, options = {} } = message;
    const { settings, tenants } = this.#parts.api;
    const bounds = boundsOf(settings, tenants.find(this.#tenant));
    checkTimeout(options.timeout, bounds, '/options/timeout');
    const request = {
      code,
      ...(id === undefined ? {} : { requestId: id }),
      ...options,
      interactive: options.stdin === undefined,
    };
    await this.#parts.countExecution();
    const submit = async () => {
      await this.#sessions.submit(this.#tenant, this.#sessionId, request, this.#gone.signal);
    };
    await this.#traced(message, submit);
  }

  /** As a span until it is accepted; what comes of it has spans of its own. */
  #traced(
    { traceparent = this.#parts.traceparent }: { readonly traceparent?: string },
    work: () => Promise<void>,
  ): Promise<void> {
    const { tracer } = this.#parts.api;
    const span = tracer?.request('live execute', {
      traceparent,
      attributes: { 'cellar.tenant.id': this.#tenant, 'cellar.session.id': this.#sessionId },
    });
    return span ? inSpan(tracer!, span, work) : work();
  }

  async #inspect(message: Extract<ClientMessage, { type: 'inspect' }>): Promise<void> {
    const { id, variable, path = [], depth = inspectDepthDefault } = message;
    const value = await this.#parts.waits.within(this.#questionMsMax, (signal) =>
      this.#sessions.inspect(this.#tenant, this.#sessionId, { variable, path, depth }, signal),
    );
    this.#answer(id, { type: 'inspectionResult', variable, value });
  }

  async #variables({
    id,
    filter,
    includeValues = false,
  }: Extract<ClientMessage, { type: 'variables' }>) {
    const { items, truncated } = await this.#parts.waits.within(this.#questionMsMax, (signal) =>
      this.#sessions.variables(
        this.#tenant,
        this.#sessionId,
        { includeValues, ...(filter === undefined ? {} : { filter }) },
        signal,
      ),
    );
    this.#answer(id, { type: 'variables', items, truncated });
  }

  #subscribe(events: readonly SubscribableEvent[]): void {
    this.#subscribed.clear();
    for (const event of events) this.#subscribed.add(event);
    this.#unwatchMetrics?.();
    this.#unwatchMetrics = null;
    if (!this.#subscribed.has('metrics') || this.#closed) return;
    this.#unwatchMetrics = this.#parts.sampler.watch(
      this.#tenant,
      this.#sessionId,
      (metrics, timestamp) => this.#tell({ type: 'metrics', timestamp, ...metrics }),
    );
  }

  /** Reports a failed request, and stops reading while too many are under way. */
  #track(message: ClientMessage, work: Promise<void>): void {
    const { socket, api, audit } = this.#parts;
    const { liveRequestsMax } = api.settings.bounds;
    const isAudited = auditedMessages.includes(message.type);
    this.#requests++;
    if (this.#requests >= liveRequestsMax) socket.pause();
    work
      .then(
        () => {
          if (isAudited) audit(message.type, null);
        },
        (error: unknown) => {
          const known = this.#known(error);
          if (isAudited) audit(message.type, known.code);
          this.#answer(message.id, { type: 'error', ...liveErrorOf(known) });
        },
      )
      .finally(() => {
        this.#requests--;
        if (socket.isPaused && this.#requests < liveRequestsMax) socket.resume();
      });
  }

  #tooMany(): void {
    this.#parts.api.observe?.({ type: 'rateLimitHit', limit: 'liveMessages' });
    this.#outgoing.close('rateLimited');
  }

  #offence(
    reason: CloseReason,
    message: string,
    code: 'invalid_request' | 'payload_too_large' = 'invalid_request',
  ): void {
    this.#tell({ type: 'error', code, message });
    if (!this.#budget.offend()) this.#outgoing.close(reason);
  }

  #answer(requestId: string | undefined, message: Exclude<OwnMessage, { type: 'metrics' }>): void {
    this.#tell(requestId === undefined ? message : { ...message, requestId });
  }

  /** A message for this client alone. */
  #tell(message: OwnMessage): void {
    if (message.type === 'error')
      this.#parts.api.observe?.({ type: 'messageRefused', code: message.code });
    if (!this.#subscription || this.#closed) return;
    this.#subscription.number((seq) => this.#outgoing.send(JSON.stringify({ ...message, seq })));
  }

  #known(error: unknown): AppError {
    const known = toAppError(error);
    logFailure(known, { sessionId: this.#sessionId, route: 'live' }, this.#parts.api.log);
    return known;
  }

  #stop(): void {
    this.#closed = true;
    this.#parts.api.observe?.({ type: 'socketClosed' });
    this.#gone.abort(new AppError('deadline_exceeded'));
    this.#unwatchMetrics?.();
    this.#subscription?.unsubscribe();
  }

  get #sessions() {
    return this.#parts.api.sessions;
  }

  get #tenant(): string {
    return this.#parts.principal.tenant;
  }

  get #sessionId(): string {
    return this.#parts.sessionId;
  }

  get #questionMsMax(): number {
    return this.#parts.api.settings.bounds.questionMsMax;
  }
}

/** Undefined when it is not JSON. */
function parseJson(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString());
  } catch {
    return undefined;
  }
}
