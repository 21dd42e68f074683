// Chooses whether requests are traced: where nobody takes the traces, nothing of what makes them is loaded.
import type { Config } from './config/config.ts';
import type { Tracing, TracingParts } from './tracing/open-tracer.ts';

/** Null where nothing is traced. */
export async function openTraces(config: Config, parts: TracingParts): Promise<Tracing | null> {
  const { tracesEndpoint } = config;
  if (tracesEndpoint === undefined) return null;
  // Only now: its library takes time to load, and memory.
  const { openTracing } = await import('./tracing/open-tracer.ts');
  return openTracing({ ...config, ...parts, tracesEndpoint });
}
