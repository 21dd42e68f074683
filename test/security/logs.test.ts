// What the log holds at its most verbose: ids, so that one can follow a request, and nothing that users or operators keep to themselves.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { tokenOf } from '../helpers/inside.ts';
import { LiveClient } from '../helpers/live-client.ts';
import { docker, type Reply, type Service, startService } from '../helpers/start-service.ts';

/** Each is used in one way only, so that the name says where it came from. */
const marker = (name: string) =>
  `marker-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;

const settings = {
  CELLAR_LOG_LEVEL: 'trace',
  CELLAR_METRICS_TOKEN: marker('token of the metrics'),
  CELLAR_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces',
  CELLAR_TRACES_AUTHORIZATION: `Bearer ${marker('token of the collector')}`,
  AWS_SECRET_ACCESS_KEY: marker('secret of the storage'),
};
const secrets = new Map(Object.entries(settings).slice(1));
secrets.delete('CELLAR_TRACES_ENDPOINT');
const secret = (name: string) => {
  secrets.set(name, marker(name));
  return marker(name);
};

let service: Service;
let session: any;
let lines: any[];
const executed: string[] = [];

beforeAll(async () => {
  service = await startService(settings);
  secrets.set('API key', service.key);
  const network = { policy: 'allowlist', allow: ['127.0.0.1:9', 'localhost:9'] };
  session = await service.createSession({
    name: secret('name of a session'),
    env: { PASSWORD: secret('value of the environment') },
    labels: { course: secret('label') },
    network,
  });
  secrets.set('token of the sandbox', await tokenOf(session));
  const path = `/api/sessions/${session.id}`;
  const run = async (code: string, options = {}) =>
    executed.push((await service.execute(session.id, code, options)).executionId);

  await run(`kept = "${secret('code')}"\nprint("${secret('output')}")\nkept`);
  await run(`print(input())`, { stdin: secret('standard input') });
  await run(`throw "${secret('error')}"`);
  await run(`let = = "${secret('code that is no code')}"`);
  const url = `http://user:${secret('password in a URL')}@127.0.0.1:9/${secret('path of a URL')}?token=${secret('token in a URL')}`;
  await run(`try { http.get("${url}") } catch (e) { print("none") }`);

  const file = `${path}/files/${secret('name of a file')}`;
  await asked(201, upload('PUT', file, secret('content of a file')));
  await service.request('GET', `${path}/files/${secret('name of no file')}`);
  await service.request('GET', `${path}/variables?filter=${secret('filter')}`);
  await service.request('GET', `/api/sessions?filter=name:${secret('filter of a list')}`);
  await service.request('GET', `/api/sessions/${secret('name of no session')}`);
  await service.request(
    'GET',
    `/api/${secret('address of nothing')}?key=${secret('key in a URL')}`,
  );
  await service.request('POST', `${path}/execute`, `{"code": "${secret('broken JSON')}`);
  await service.request('POST', `${path}/execute`, { code: '1', [secret('unknown field')]: 1 });
  const changed = { env: { PASSWORD: secret('changed value') } };
  await asked(200, service.request('PUT', `${path}/config`, changed));
  const authorization = `Bearer ${secret('wrong key')}`;
  await service.request('GET', '/api/sessions', undefined, { authorization });
  const key = await asked(
    201,
    service.request('POST', '/api/keys', {
      role: 'viewer',
      name: secret('name of a key'),
    }),
  );
  secrets.set('made key', key.body.key);
  await service.request('GET', '/api/sessions', undefined, {
    authorization: `Bearer ${key.body.key}`,
  });

  const { body } = await asked(
    201,
    service.request('POST', '/api/tickets', { session: session.id }),
  );
  secrets.set('ticket', body.ticket);
  const live = `${service.url.replace('http', 'ws')}${path}/live`;
  const client = await LiveClient.open(live, {}, ['cellar.v1', `cellar.ticket.${body.ticket}`]);
  await client.execute(`print("${secret('code of a live message')}")`);
  client.send(`{"type": "${secret('type of a live message')}"}`);
  client.send(secret('no JSON on a live connection'));
  client.send({ type: 'ping', id: 'last' });
  await client.wait(({ requestId }) => requestId === 'last');
  client.close();

  const version = { label: secret('label of a version') };
  await asked(201, service.request('POST', `${path}/snapshots`, version));
  await asked(422, upload('POST', '/api/snapshots', secret('an archive that is none')));
  await asked(200, service.request('POST', `${path}/hibernate`));
  await run('kept');
  // The loss of a sandbox, with what led to it.
  const { body: now } = await service.request('GET', path);
  secrets.set('token of the last sandbox', await tokenOf(now));
  await docker.getContainer(`cellar-${now.sandbox.id}`).kill();
  await vi.waitUntil(() => service.log.includes('sandbox lost'), { timeout: 30_000 });
  await run('1');
  await service.kill('SIGTERM');
  lines = service.log
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}, 180_000);
afterAll(() => service?.[Symbol.asyncDispose]());

/** What was to be kept to oneself was taken, and not refused at the door. */
async function asked(status: number, reply: Promise<Reply>): Promise<Reply> {
  const { status: got, body } = await reply;
  expect([got, body]).toEqual([status, body]);
  return reply;
}

function upload(method: string, path: string, body: string): Promise<Reply> {
  const type = path.startsWith('/api/snapshots') ? 'application/zstd' : 'application/octet-stream';
  const headers = { 'content-type': type };
  return service.request(method, path, body, headers);
}

it('is one event a line, each with a time, a level and what it is', () => {
  for (const line of lines)
    expect(line).toMatchObject({
      level: expect.any(Number),
      time: expect.any(Number),
      msg: expect.any(String),
    });
});

it('holds no secret, no code and no text of a user', () => {
  expect(secrets.size).toBeGreaterThan(30);
  for (const [name, text] of secrets)
    expect([name, service.log.includes(text)]).toEqual([name, false]);
  // It did look at what was written of all that.
  expect(service.log).toContain(session.id);
  expect(service.log).toContain('request answered');
});

it('leads from a request to its execution and back, by their ids', () => {
  const [executionId] = executed;
  const of = (msg: string) =>
    lines.filter((line) => line.msg === msg && line.executionId === executionId);
  const [ended] = of('execution ended');
  expect(ended).toMatchObject({ tenant: 'default', sessionId: session.id, status: 'success' });
  const [answered] = of('request answered');
  expect(answered).toMatchObject({
    tenant: 'default',
    sessionId: session.id,
    requestId: expect.stringMatching(/^req-/),
    traceId: ended.traceId,
    status: 200,
  });
  expect(ended.traceId).toMatch(/^[0-9a-f]{32}$/);
});

it('names the session of what happens to a sandbox, and who asked for what was refused', () => {
  expect(lines.find(({ msg }) => msg === 'sandbox lost')).toMatchObject({
    sessionId: session.id,
    sandboxId: expect.stringMatching(/^sbx-/),
  });
  const created = lines.find(({ route, status }) => route === '/api/sessions' && status === 201);
  expect(created).toMatchObject({ sessionId: session.id, tenant: 'default' });
  const refused = lines.find(({ code }) => code === 'unauthenticated');
  expect(refused).toMatchObject({ requestId: expect.any(String), status: 401 });
});
