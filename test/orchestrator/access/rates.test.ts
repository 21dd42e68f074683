// How often a tenant, a key and an address may ask.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Role } from '../../../src/orchestrator/foundation/roles.ts';
import { AccessWorld, type Answer } from '../../helpers/access-world.ts';

let world: AccessWorld;
let red: Record<Role, string>;
beforeEach(async () => {
  world = await AccessWorld.open({ failedLoginsPerMinuteMax: 3 });
  red = await world.tenant('red');
});
afterEach(() => world[Symbol.asyncDispose]());

const codeOf = ({ status, body }: Answer) => `${status} ${body?.code ?? ''}`;
const limit = (limits: object) => world.ask(world.root, 'PUT', '/api/tenants/red', { limits });
const whoami = (key: string) => world.ask(key, 'GET', '/api/whoami');

describe('requests', () => {
  it('of each key are counted, and told how many are left', async () => {
    await limit({ requestsPerMinute: 2 });
    const first = await whoami(red.viewer);
    expect(first.headers['ratelimit-policy']).toBe('"requests";q=2;w=60');
    expect(first.headers.ratelimit).toMatch(/^"requests";r=1;t=(59|60)$/);
    expect((await whoami(red.viewer)).headers.ratelimit).toMatch(/r=0;/);
    const refused = await whoami(red.viewer);
    expect(codeOf(refused)).toBe('429 rate_limited');
    const seconds = Number(refused.headers['retry-after']);
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(refused.headers.ratelimit).toMatch(/r=0;/);
    expect((await whoami(red.developer)).status).toBe(200);
  });

  it('are not counted where nothing bounds them', async () => {
    expect((await whoami(red.viewer)).headers.ratelimit).toBeUndefined();
  });

  it('are bounded by the settings where the tenant has no limit', async () => {
    await using bounded = await AccessWorld.open({ requestsPerMinuteMax: 100 });
    const { viewer } = await bounded.tenant('red');
    const { headers } = await bounded.ask(viewer, 'GET', '/api/whoami');
    expect(headers['ratelimit-policy']).toBe('"requests";q=100;w=60');
  });
});

describe('executions', () => {
  it('of a tenant are counted, with whatever key and on whatever way', async () => {
    const session = (await world.ask(red.developer, 'POST', '/api/sessions', {})).body.id;
    await limit({ executionsPerMinute: 2 });
    const execute = (key: string, headers: Record<string, string> = {}) =>
      world.ask(
        key,
        'POST',
        `/api/sessions/${session}/execute`,
        { code: '1' },
        {
          prefer: 'respond-async',
          ...headers,
        },
      );
    const again = { 'idempotency-key': 'once' };
    const first = await execute(red.developer, again);
    expect(first.status).toBe(202);
    expect(first.headers['ratelimit-policy']).toBe('"executions";q=2;w=60');
    // The same one, sent again, is not executed.
    expect((await execute(red.developer, again)).status).toBe(202);
    const client = await world.live(red.operator, session);
    client.send({ type: 'execute', code: '1', id: 'second' });
    client.send({ type: 'execute', code: '1', id: 'third' });
    const error = await client.wait((message) => message.requestId === 'third');
    expect(error).toMatchObject({ type: 'error', code: 'rate_limited' });
    expect(codeOf(await execute(red.developer))).toBe('429 rate_limited');
    const seen = client.messages.filter((message) => message.code === 'rate_limited');
    expect(seen.map(({ requestId }) => requestId)).toEqual(['third']);
    expect((await whoami(red.developer)).status).toBe(200);
  });
});

describe('wrong keys', () => {
  it('from one address are answered with 401 a few times, then with 429; right ones always work', async () => {
    for (let i = 0; i < 3; i++)
      expect(codeOf(await whoami(`wrong-${i}`))).toBe('401 unauthenticated');
    const refused = await whoami('wrong-again');
    expect(codeOf(refused)).toBe('429 rate_limited');
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await whoami(red.viewer)).status).toBe(200);
    const without = await world.ask(undefined, 'GET', '/api/whoami');
    expect(codeOf(without)).toBe('401 unauthenticated');
  });

  it('are counted on live connections too', async () => {
    const session = (await world.ask(red.developer, 'POST', '/api/sessions', {})).body.id;
    const statuses: string[] = [];
    for (let i = 0; i < 4; i++) {
      const error = await world.live(`wrong-${i}`, session).catch((reason: Error) => reason);
      statuses.push(String(error));
    }
    expect(statuses.map((text) => /\d{3}/.exec(text)?.[0])).toEqual(['401', '401', '401', '429']);
  });
});
