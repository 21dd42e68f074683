// The ways in which sessions of a soak live and end, the untidy ones included.
import type { Service } from '../start-service.ts';

type Life = (service: Service, id: string) => Promise<unknown>;

/** Runs until it is stopped. */
const endless = 'n = 0; while true { n = n + 1 }';

const timeoutMs = 120_000;
/** A connection that is kept for later would be counted. */
const once = { connection: 'close' };
const later = { prefer: 'respond-async' };

const lives: readonly Life[] = [
  async function worksOverHttp(service, id) {
    await run(service, id, 'x = [1, 2, 3]; print("ok"); x.length');
    await run(service, id, 'missing + 1');
  },
  async function isDeletedWhileItRuns(service, id) {
    await must(service, `/api/sessions/${id}/execute`, { code: endless }, later);
  },
  async function isLeftByItsClientWithoutAWord(service, id) {
    const live = await service.live(id);
    live.send({ type: 'subscribe', events: ['state', 'variables', 'metrics'] });
    await live.execute('print("here")');
    live.send({ type: 'execute', code: endless, id: 'endless' });
    await live.wait(({ requestId }) => requestId === 'endless');
    live.close();
  },
  async function isRolledBack(service, id) {
    await run(service, id, 'x = "kept"');
    await must(service, `/api/sessions/${id}/snapshots`, {});
    await run(service, id, 'x = "lost"');
    await must(service, `/api/sessions/${id}/rollback`, { version: 1 });
  },
  async function sleepsAndWakes(service, id) {
    await run(service, id, 'x = 1');
    await must(service, `/api/sessions/${id}/hibernate`);
    await run(service, id, 'x + 1');
  },
];

/** As many lives as there are different ones. */
export const livesCount = lives.length;

/** One session from its creation to its end; which life it has goes by the number. */
export async function liveOnce(service: Service, number: number): Promise<void> {
  const id = await createSession(service, { labels: { number: String(number) } });
  await lives[number % lives.length]!(service, id);
  await deleteSession(service, id);
}

/** Gives the id. No program of a soak is short of time, however busy the machine is. */
export async function createSession(service: Service, body: object = {}): Promise<string> {
  return (await must(service, '/api/sessions', { timeout: timeoutMs, ...body })).id;
}

export async function deleteSession(service: Service, id: string): Promise<void> {
  const path = `/api/sessions/${id}?force=true`;
  const { status } = await service.request('DELETE', path, undefined, once);
  if (status !== 204) throw new Error(`deleting was answered with ${status}\n${service.log}`);
}

async function run(service: Service, id: string, code: string): Promise<void> {
  await must(service, `/api/sessions/${id}/execute`, { code });
}

async function must(
  service: Service,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<any> {
  const { status, body: reply } = await service.request('POST', path, body, {
    ...once,
    ...headers,
  });
  if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(reply)}`);
  return reply;
}
