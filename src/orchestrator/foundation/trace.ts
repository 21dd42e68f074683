// Spans: what a request causes, part by part, for those who follow one through the service. Where nobody does there is no tracer, and to
// see that is all it costs. SECURITY: attributes are ids, names of ours and numbers; never code, output, names that users chose, or secrets.
import { AppError } from './errors.ts';
import type { Observed } from './observe.ts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** One part of what a request causes. Its methods return at once and never throw. Times are milliseconds since 1970, with fractions. */
export interface Span {
  readonly traceId: string;
  /** What others are told of it, in the form of W3C Trace Context. */
  readonly traceparent: string;
  readonly begunAt: number;
  readonly ended: boolean;
  /** The present time on the clock of its trace. */
  now(): number;
  /** A part of it, begun now or at another time. */
  child(name: string, attributes?: SpanAttributes, at?: number): Span;
  set(attributes: SpanAttributes): void;
  /** It did not succeed; `code` says why, and is none of a user's words. */
  fail(code: string): void;
  end(at?: number): void;
}

export interface Tracer {
  /** A client asks for something. `traceparent`: what it sent, whatever that is. Null: this one is not among the sampled. */
  request(
    name: string,
    options: {
      readonly traceparent: string | undefined;
      readonly attributes: SpanAttributes;
      /** How long ago it came. */
      readonly agoMs?: number;
    },
  ): Span | null;
  /** Does something as a part of the span, also what comes of it later; null: as a part of none. */
  within<Result>(span: Span | null, work: () => Result): Result;
  /** The span that this is done for; null where there is none, or it has ended: what outlives a request is no part of it. */
  readonly current: Span | null;
}

/** For the options of a part: it may be missing. */
export type Traced = { readonly tracer?: Tracer | undefined };
/** Both: what a part does may be counted, and followed. */
export type Watched = Observed & Traced;

/** Does something in a span of its own, where it is part of one. */
export function spanned<Result>(
  tracer: Tracer | undefined,
  name: string,
  attributes: SpanAttributes,
  work: () => Promise<Result>,
): Promise<Result> {
  const parent = tracer?.current;
  return parent ? inSpan(tracer!, parent.child(name, attributes), work) : work();
}

/** Does something as that span, which ends with it. */
export async function inSpan<Result>(
  tracer: Tracer,
  span: Span,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    return await tracer.within(span, work);
  } catch (error) {
    span.fail(error instanceof AppError ? error.code : 'internal');
    throw error;
  } finally {
    span.end();
  }
}
