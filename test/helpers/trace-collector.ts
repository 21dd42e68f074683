// A collector of traces: takes OTLP over HTTP, as protobuf, and gives the spans as objects. It can also refuse, or not answer.
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import protobuf from 'protobufjs';
import { vi } from 'vitest';

/** The fields of OTLP that are looked at, by their numbers. */
const { root } = protobuf.Root.fromJSON({
  nested: {
    Request: { fields: { resourceSpans: { rule: 'repeated', type: 'ResourceSpans', id: 1 } } },
    ResourceSpans: {
      fields: {
        resource: { type: 'Resource', id: 1 },
        scopeSpans: { rule: 'repeated', type: 'ScopeSpans', id: 2 },
      },
    },
    Resource: { fields: { attributes: { rule: 'repeated', type: 'KeyValue', id: 1 } } },
    ScopeSpans: { fields: { spans: { rule: 'repeated', type: 'Span', id: 2 } } },
    Span: {
      fields: {
        traceId: { type: 'bytes', id: 1 },
        spanId: { type: 'bytes', id: 2 },
        parentSpanId: { type: 'bytes', id: 4 },
        name: { type: 'string', id: 5 },
        kind: { type: 'int32', id: 6 },
        startTimeUnixNano: { type: 'fixed64', id: 7 },
        endTimeUnixNano: { type: 'fixed64', id: 8 },
        attributes: { rule: 'repeated', type: 'KeyValue', id: 9 },
        links: { rule: 'repeated', type: 'Link', id: 13 },
        status: { type: 'Status', id: 15 },
      },
    },
    Link: { fields: { traceId: { type: 'bytes', id: 1 }, spanId: { type: 'bytes', id: 2 } } },
    Status: { fields: { message: { type: 'string', id: 2 }, code: { type: 'int32', id: 3 } } },
    KeyValue: {
      fields: { key: { type: 'string', id: 1 }, value: { type: 'AnyValue', id: 2 } },
    },
    AnyValue: {
      fields: {
        stringValue: { type: 'string', id: 1 },
        boolValue: { type: 'bool', id: 2 },
        intValue: { type: 'int64', id: 3 },
        doubleValue: { type: 'double', id: 4 },
      },
    },
  },
});
const Request = root.lookupType('Request');

type DecodedAttribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };

type DecodedSpan = {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly DecodedAttribute[];
  readonly links: readonly { readonly traceId: Uint8Array; readonly spanId: Uint8Array }[];
  readonly status?: { readonly code?: number };
};

type DecodedRequest = {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly DecodedAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly DecodedSpan[] }[];
  }[];
};

/** Ids in hexadecimal digits, times in milliseconds since 1970. */
export type CollectedSpan = {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly begunAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly failed: boolean;
};

export class TraceCollector implements AsyncDisposable {
  readonly #server: Server;
  readonly spans: CollectedSpan[] = [];
  /** Of the exports, each as it came. */
  readonly bodies: Buffer[] = [];
  readonly headers: IncomingHttpHeaders[] = [];
  /** Of whoever sends. */
  resource: Readonly<Record<string, unknown>> = {};
  /** What the next ones are answered with; null: nothing at all. */
  status: number | null = 200;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async open(): Promise<TraceCollector> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        collector.headers.push(request.headers);
        if (collector.status === null) return;
        if (collector.status === 200) collector.#take(Buffer.concat(chunks));
        response.writeHead(collector.status, { 'content-type': 'application/x-protobuf' }).end();
      });
    });
    const collector = new TraceCollector(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/traces`;
  }

  /** The span of that name, once it has come. */
  async span(name: string, fits: (span: CollectedSpan) => boolean = () => true) {
    return await vi.waitUntil(() => this.spans.find((span) => span.name === name && fits(span)), {
      timeout: 30_000,
      interval: 50,
    });
  }

  /** A trace as its names, each with the names of its parts, in the order in which they began. */
  tree(traceId: string): Tree {
    const spans = this.spans.filter((span) => span.traceId === traceId);
    const partsOf = (parentSpanId: string): Tree =>
      spans
        .filter((span) => span.parentSpanId === parentSpanId)
        .sort((one, other) => one.begunAt - other.begunAt)
        .map((span) => [span.name, partsOf(span.spanId)]);
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const roots = spans.filter(({ parentSpanId }) => !ids.has(parentSpanId));
    return roots.flatMap(({ name, spanId }): Tree => [[name, partsOf(spanId)]]);
  }

  #take(body: Buffer): void {
    this.bodies.push(body);
    const options = { longs: String, arrays: true };
    const request = Request.toObject(Request.decode(body), options) as DecodedRequest;
    for (const { resource, scopeSpans } of request.resourceSpans) {
      this.resource = attributesOf(resource.attributes);
      for (const { spans } of scopeSpans) this.spans.push(...spans.map(collected));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export type Tree = [name: string, parts: Tree][];

function collected(span: DecodedSpan): CollectedSpan {
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId ?? []),
    name: span.name,
    kind: span.kind,
    begunAt: Number(span.startTimeUnixNano) / 1e6,
    endedAt: Number(span.endTimeUnixNano) / 1e6,
    attributes: attributesOf(span.attributes),
    links: span.links.map((link) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
    })),
    failed: span.status?.code === 2,
  };
}

function attributesOf(pairs: readonly DecodedAttribute[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map(({ key, value }) => {
      const [of] = Object.values(value ?? {});
      return [key, 'intValue' in value ? Number(of) : of];
    }),
  );
}

function hex(bytes: Iterable<number>): string {
  return Buffer.from([...bytes]).toString('hex');
}
