// Spans on their way out: batched by the library, with a bound on how many there are, and each accounted for. A collector that is away
// or slow costs the spans that have no room, and nothing else.
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter, SpanProcessor } from '@opentelemetry/sdk-trace';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { Log } from '../foundation/log.ts';
import type { Observe } from '../foundation/observe.ts';

export type BoundedExportOptions = {
  readonly exporter: SpanExporter;
  /** Spans that wait or are being sent. */
  readonly tracesSpansMax: number;
  /** For one batch, tries and waits between them included. */
  readonly tracesExportMsMax: number;
  readonly observe: Observe;
  readonly log: Log;
};

/** From the end of a span to its export, at most. */
const delayMs = 1_000;
const batchMax = 512;
/** Of the collector's words in the log. */
const reasonLengthMax = 200;

export class BoundedExport implements SpanProcessor {
  readonly #options: BoundedExportOptions;
  readonly #batches: BatchSpanProcessor;
  #pending = 0;
  #failing = false;

  constructor(options: BoundedExportOptions) {
    this.#options = options;
    const { exporter, tracesSpansMax: spansMax, tracesExportMsMax: exportMsMax } = options;
    this.#batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) =>
          exporter.export(spans, (result) => {
            this.#settle(spans.length, result);
            done(result);
          }),
        shutdown: () => exporter.shutdown(),
      },
      // Never reached: what is being sent counts here, too.
      maxQueueSize: spansMax,
      maxExportBatchSize: Math.min(batchMax, spansMax),
      scheduledDelayMillis: delayMs,
      // The exporter keeps to its own deadline; this one is for when it does not.
      exportTimeoutMillis: exportMsMax * 2,
    });
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (this.#pending >= this.#options.tracesSpansMax) {
      this.#options.observe({ type: 'spansDropped', reason: 'queue', count: 1 });
      return;
    }
    this.#pending++;
    this.#batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.#batches.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#batches.shutdown();
  }

  #settle(count: number, { code, error }: ExportResult): void {
    const { observe, log } = this.#options;
    const failed = code !== ExportResultCode.SUCCESS;
    this.#pending -= count;
    if (failed) observe({ type: 'spansDropped', reason: 'export', count });
    else observe({ type: 'spansExported', count });
    if (failed === this.#failing) return;
    this.#failing = failed;
    // SECURITY: the error itself has the collector's whole answer in it.
    const reason = error?.message.slice(0, reasonLengthMax);
    if (failed) log.warn({ reason }, 'traces cannot be exported');
    else log.info('traces are exported again');
  }
}
