// Sets tracing up, where it is wanted. The library takes time to load, and memory: nothing else may import what is beside this file.
import { setTimeout as wait } from 'node:timers/promises';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../foundation/log.ts';
import type { Observe } from '../foundation/observe.ts';
import type { Tracer } from '../foundation/trace.ts';
import { BoundedExport } from './bounded-export.ts';
import { OtlpTracer } from './otlp-tracer.ts';

export type TracingParts = {
  /** Of this program. */
  readonly version: string;
  readonly instanceId: string;
  readonly observe: Observe;
  readonly log: Log;
};

/** The settings by their names in the configuration. */
export type TracingOptions = TracingParts & {
  readonly tracesEndpoint: string;
  /** A secret. */
  readonly tracesAuthorization?: string;
  readonly tracesRatio: number;
  readonly tracesTrustClients: boolean;
  readonly tracesSpansMax: number;
  readonly tracesExportMsMax: number;
};

export type Tracing = {
  readonly tracer: Tracer;
  /** Sends what waits, if the collector takes it at once. Never throws. */
  stop(): Promise<void>;
};

/** Longest text of an attribute, and how many one span may have: all of them are ours, so this is for mistakes. */
const spanLimits = { attributeValueLengthLimit: 256, attributeCountLimit: 32, linkCountLimit: 1 };
/** Batches that are sent at a time. */
const exportsMax = 4;
/** The end of the service waits no longer for a collector. */
const stopMsMax = 2_000;

export function openTracing(options: TracingOptions): Tracing {
  const { tracesAuthorization: authorization, version, instanceId } = options;
  const exporter = new OTLPTraceExporter({
    url: options.tracesEndpoint,
    headers: authorization === undefined ? {} : { authorization },
    timeoutMillis: options.tracesExportMsMax,
    concurrencyLimit: exportsMax,
  });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        'service.name': 'cellar',
        'service.version': version,
        'service.instance.id': instanceId,
      }),
    ),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.tracesRatio) }),
    spanLimits,
    spanProcessors: [new BoundedExport({ ...options, exporter })],
  });
  return {
    tracer: new OtlpTracer(provider.getTracer('cellar', version), options.tracesTrustClients),
    async stop() {
      const stopped = provider.shutdown().catch(() => {});
      await Promise.race([stopped, wait(stopMsMax, undefined, { ref: false })]);
    },
  };
}
