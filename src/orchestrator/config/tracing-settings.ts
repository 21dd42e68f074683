// Where traces of requests are sent, and of how many of them.
import { Type } from 'typebox';
import { count, milliseconds, minuteMs, secondMs } from './setting-types.ts';

export const tracingSettings = {
  tracesEndpoint: Type.Optional(
    Type.String({
      maxLength: 1024,
      pattern: '^https?://[^\\s@]+$',
      description:
        'Where traces are sent, by OTLP over HTTP with protobuf: `http://127.0.0.1:4318/v1/traces`. Without it nothing is traced.',
    }),
  ),
  tracesAuthorization: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 4096,
      pattern: '^[ -~]+$',
      description: 'The `Authorization` header for that: `Bearer …`.',
    }),
  ),
  tracesRatio: Type.Number({
    default: 1,
    minimum: 0,
    maximum: 1,
    description: 'Share of the requests that are traced.',
  }),
  tracesTrustClients: Type.Boolean({
    default: false,
    description:
      'Requests with a `traceparent` become part of that trace, and are traced when it says so. Otherwise a trace of their own links to it.',
  }),
  tracesSpansMax: count(
    4096,
    [64, 1_000_000],
    'Spans that wait to be sent; the ones above it are dropped, and counted.',
  ),
  tracesExportMsMax: milliseconds(
    10 * secondMs,
    [secondMs, minuteMs],
    'How long sending a batch of them may take, with repetitions.',
  ),
};
