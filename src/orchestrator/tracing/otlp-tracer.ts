// The tracer, on OpenTelemetry's library. SECURITY: a client's trace is nobody's to join: it is linked to, unless clients are trusted, so
// that none decides what is sampled, or writes into somebody else's trace.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type HrTime,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  type Tracer as SdkTracer,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { Span, SpanAttributes, Tracer } from '../foundation/trace.ts';
import { formatTraceparent, parseTraceparent } from './traceparent.ts';

export class OtlpTracer implements Tracer {
  readonly #tracer: SdkTracer;
  readonly #trustClients: boolean;
  readonly #spans = new AsyncLocalStorage<Span | null>();

  constructor(tracer: SdkTracer, trustClients: boolean) {
    this.#tracer = tracer;
    this.#trustClients = trustClients;
  }

  request(
    name: string,
    options: {
      readonly traceparent: string | undefined;
      readonly attributes: SpanAttributes;
      readonly agoMs?: number;
    },
  ): Span | null {
    const { attributes, agoMs = 0 } = options;
    const remote = parseTraceparent(options.traceparent);
    const remoteContext = remote && {
      traceId: remote.traceId,
      spanId: remote.spanId,
      traceFlags: remote.sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
      isRemote: true,
    };
    const isJoined = remoteContext !== null && this.#trustClients;
    // One anchor a trace: its parts fit together whatever happens to the clock of the machine.
    const anchorMs = Date.now() - performance.now();
    const begunAt = anchorMs + performance.now() - agoMs;
    const span = this.#tracer.startSpan(
      name,
      {
        kind: SpanKind.SERVER,
        attributes,
        startTime: hrTime(begunAt),
        links: remoteContext === null || isJoined ? [] : [{ context: remoteContext }],
      },
      isJoined ? trace.setSpanContext(ROOT_CONTEXT, remoteContext) : ROOT_CONTEXT,
    );
    return span.isRecording() ? new RecordedSpan(this.#tracer, span, begunAt, anchorMs) : null;
  }

  within<Result>(span: Span | null, work: () => Result): Result {
    return this.#spans.run(span, work);
  }

  get current(): Span | null {
    const span = this.#spans.getStore();
    return span == null || span.ended ? null : span;
  }
}

class RecordedSpan implements Span {
  readonly #tracer: SdkTracer;
  readonly #span: SdkSpan;
  readonly #anchorMs: number;
  readonly begunAt: number;

  constructor(tracer: SdkTracer, span: SdkSpan, begunAt: number, anchorMs: number) {
    this.#tracer = tracer;
    this.#span = span;
    this.#anchorMs = anchorMs;
    this.begunAt = begunAt;
  }

  get traceId(): string {
    return this.#span.spanContext().traceId;
  }

  get traceparent(): string {
    const { traceId, spanId } = this.#span.spanContext();
    return formatTraceparent({ traceId, spanId, sampled: true });
  }

  get ended(): boolean {
    return !this.#span.isRecording();
  }

  now(): number {
    return this.#anchorMs + performance.now();
  }

  child(name: string, attributes: SpanAttributes = {}, at = this.now()): Span {
    const parent = trace.setSpan(ROOT_CONTEXT, this.#span);
    const span = this.#tracer.startSpan(name, { attributes, startTime: hrTime(at) }, parent);
    return new RecordedSpan(this.#tracer, span, at, this.#anchorMs);
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  fail(code: string): void {
    this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.setAttribute('error.type', code);
  }

  end(at = this.now()): void {
    if (!this.ended) this.#span.end(hrTime(at));
  }
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}
