// The session's saved state, out and in: bytes that flow as fast as the other end takes or gives them. Between executions only.
import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import type { Transfer } from '../server.ts';
import type { Session } from '../session.ts';

export function image(session: Session): { readonly get: Transfer; readonly put: Transfer } {
  return {
    get: async (stream) => {
      const engine = session.configuredEngine();
      const signal = closing(stream);
      // Nothing but its end is expected of the request.
      stream.resume();
      await session.executions.exclusively(async () => {
        if (signal.aborted) return;
        for await (const chunk of engine.save(signal)) {
          if (signal.aborted) return;
          if (!stream.headersSent) stream.respond({ ':status': 200 });
          if (!stream.write(chunk)) await once(stream, 'drain', { signal });
        }
      });
      if (!signal.aborted) stream.end();
    },
    put: async (stream) => {
      const engine = session.configuredEngine();
      const signal = closing(stream);
      await session.executions.exclusively(() => engine.load(bodyOf(stream), signal));
      if (signal.aborted) return;
      stream.respond({ ':status': 200 });
      stream.end('{}');
    },
  };
}

/** Aborted when the stream is gone, whoever closed it. */
function closing(stream: ServerHttp2Stream): AbortSignal {
  const controller = new AbortController();
  if (stream.closed || stream.destroyed) controller.abort();
  stream.once('close', () => controller.abort());
  return controller.signal;
}

/** Read in its turn: until then flow control holds the sender. The stream stays open for the reply. */
function bodyOf(stream: ServerHttp2Stream): AsyncIterable<Uint8Array> {
  return stream.iterator({ destroyOnReturn: false });
}
