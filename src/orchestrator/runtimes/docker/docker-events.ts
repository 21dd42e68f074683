// The engine's event stream, cut down to what can end a sandbox. Must never lose an event silently: when the stream
// breaks, the iteration ends with an error.
import type Docker from 'dockerode';
import { LineDecoder } from '#protocol';
import type { RuntimeEvent } from '../runtime.ts';
import { instanceLabel, sandboxLabel } from './container-options.ts';
import { unavailable } from './docker-errors.ts';
import { engineCall } from './engine-call.ts';

/** The engine's clock may be a little behind ours: an event that comes twice costs nothing, one that never comes would. */
const overlapMs = 1_000;

/**
 * Exits and out-of-memory kills from the moment `since` on, until the signal fires. Events of the second before may come too.
 * Throws AppError `runtime_unavailable` when the stream cannot be opened or ends.
 */
export function dockerEvents(
  docker: Docker,
  options: { readonly instanceId: string; readonly openMsMax: number; readonly since: number },
  signal: AbortSignal,
): AsyncIterable<RuntimeEvent> {
  return readEvents(docker, options, signal);
}

async function* readEvents(
  docker: Docker,
  options: { readonly instanceId: string; readonly openMsMax: number; readonly since: number },
  signal: AbortSignal,
): AsyncGenerator<RuntimeEvent> {
  if (signal.aborted) return;
  let stream: NodeJS.ReadableStream & { destroy(): void };
  try {
    stream = await openStream(docker, options, signal);
  } catch (error) {
    if (signal.aborted) return;
    throw unavailable(error);
  }
  const hangUp = () => stream.destroy();
  signal.addEventListener('abort', hangUp, { once: true });
  try {
    const decoder = new LineDecoder();
    for await (const chunk of stream) {
      for (const message of decoder.push(chunk as Buffer)) {
        const event = runtimeEvent(message);
        if (event !== null) yield event;
      }
    }
  } catch (error) {
    if (!signal.aborted) throw unavailable(error);
  } finally {
    signal.removeEventListener('abort', hangUp);
    hangUp();
  }
  if (!signal.aborted) throw unavailable(new Error('the engine closed its event stream'));
}

async function openStream(
  docker: Docker,
  options: { readonly instanceId: string; readonly openMsMax: number; readonly since: number },
  signal: AbortSignal,
): Promise<NodeJS.ReadableStream & { destroy(): void }> {
  const stream = await engineCall(options.openMsMax, signal, () =>
    docker.getEvents({
      since: (options.since - overlapMs) / 1000,
      filters: {
        type: ['container'],
        event: ['die', 'oom'],
        label: [`${instanceLabel}=${options.instanceId}`],
      },
    }),
  );
  return stream as NodeJS.ReadableStream & { destroy(): void };
}

/** An engine's message as our event; null for what is none of ours. */
export function runtimeEvent(message: unknown): RuntimeEvent | null {
  const { Action: action, Actor: actor } = message as {
    Action?: string;
    Actor?: { Attributes?: Record<string, string> };
  };
  const attributes = actor?.Attributes ?? {};
  const sandboxId = attributes[sandboxLabel];
  if (sandboxId === undefined) return null;
  if (action === 'oom') return { type: 'outOfMemory', sandboxId, exitCode: null };
  if (action !== 'die') return null;
  const exitCode = Number(attributes.exitCode);
  return { type: 'exited', sandboxId, exitCode: Number.isInteger(exitCode) ? exitCode : null };
}
