// Looks into the process of a service that a test has started: its heap after a collection, its timers, its listeners. Only such
// a process listens for an inspector, on loopback; the service itself knows nothing of it.
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Service } from '../start-service.ts';

/** For the environment of a service that is to be looked into. A look stops it for longer than it would bear on its own. */
export const inspectable = {
  NODE_OPTIONS: '--inspect=127.0.0.1:0',
  CELLAR_LOOP_DELAY_MS_MAX: '60000',
};

const answerMsMax = 60_000;

export type HeapFigures = {
  /** What is reachable: measured after a collection. */
  readonly usedBytes: number;
  /** Memory of buffers outside of the heap. */
  readonly externalBytes: number;
};

export class ServiceInspector implements Disposable {
  readonly #socket: WebSocket;
  readonly #asked = new Map<number, PromiseWithResolvers<any>>();
  #count = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const { id, result, error } = JSON.parse(String(data));
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (error) asked?.reject(new Error(error.message));
      else asked?.resolve(result);
    });
    socket.on('error', () => {});
  }

  /** The service must have been started `inspectable`. */
  static async open(service: Pick<Service, 'log'>): Promise<ServiceInspector> {
    const [address] = /ws:\/\/127\.0\.0\.1:\d+\/\S+/.exec(service.log) ?? [];
    if (address === undefined) throw new Error('the service has no inspector');
    const socket = new WebSocket(address, { perMessageDeflate: false });
    await once(socket, 'open');
    return new ServiceInspector(socket);
  }

  async heap(): Promise<HeapFigures> {
    // What is freed by finalizers of the first collection is collected by the second.
    for (let times = 0; times < 2; times++) await this.#ask('HeapProfiler.collectGarbage');
    const usage = await this.#evaluate('process.memoryUsage()');
    return { usedBytes: usage.heapUsed, externalBytes: usage.external };
  }

  /** What keeps the event loop alive, by kind: timers, sockets, pipes and so on. */
  async activeResources(): Promise<Record<string, number>> {
    const kinds: string[] = await this.#evaluate('process.getActiveResourcesInfo()');
    const counts: Record<string, number> = {};
    for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
    return counts;
  }

  /** Living emitters of events and the listeners on all of them. */
  async listeners(): Promise<{ readonly emitters: number; readonly listeners: number }> {
    const prototype = await this.#object(
      "process.getBuiltinModule('node:events').EventEmitter.prototype",
    );
    const { objects } = await this.#ask('Runtime.queryObjects', {
      prototypeObjectId: prototype,
      objectGroup: 'look',
    });
    const { result } = await this.#ask('Runtime.callFunctionOn', {
      objectId: objects.objectId,
      returnByValue: true,
      functionDeclaration: `function () {
        let listeners = 0;
        for (const emitter of this)
          for (const name of Reflect.ownKeys(emitter._events ?? {})) {
            const known = emitter._events[name];
            listeners += Array.isArray(known) ? known.length : known === undefined ? 0 : 1;
          }
        return { emitters: this.length, listeners };
      }`,
    });
    await this.#ask('Runtime.releaseObjectGroup', { objectGroup: 'look' });
    return result.value;
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }

  async #evaluate(expression: string): Promise<any> {
    const { result } = await this.#ask('Runtime.evaluate', { expression, returnByValue: true });
    return result.value;
  }

  async #object(expression: string): Promise<string> {
    const { result } = await this.#ask('Runtime.evaluate', { expression, objectGroup: 'look' });
    return result.objectId;
  }

  #ask(method: string, params: object = {}): Promise<any> {
    const id = ++this.#count;
    const answer = Promise.withResolvers<any>();
    this.#asked.set(id, answer);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const timer = setTimeout(
      () => answer.reject(new Error(`${method} was not answered`)),
      answerMsMax,
    );
    return answer.promise.finally(() => clearTimeout(timer));
  }
}
