// Requests and messages that mean harm: whatever comes, the service says what is wrong with it and goes on.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientMessages } from '../../src/orchestrator/api/sockets/client-messages.ts';
import { EnginelessService } from '../helpers/engineless/engineless-service.ts';
import { hostileJson } from '../helpers/hostile-json.ts';

let service: EnginelessService;
let session: any;
let description: any;

beforeAll(async () => {
  service = await EnginelessService.open({
    CELLAR_SESSIONS_MAX: '2',
    CELLAR_ADMISSION_MS_MAX: '0',
    CELLAR_TIMEOUT_MS: '200',
    CELLAR_TIMEOUT_MS_MAX: '1000',
  });
  session = await service.createSession({ name: 'target' });
  description = (await service.request('GET', '/openapi.json')).body;
});
afterAll(() => service[Symbol.asyncDispose]());

const resolve = (reference: string) => {
  const name = reference.split('/').at(-1)!;
  return description.components.schemas[name];
};

/** A text for each place in an address. */
const places: Readonly<Record<string, fc.Arbitrary<string>>> = {
  id: fc.constantFrom(
    'target',
    'target',
    'target',
    '..',
    '__proto__',
    'ses-0',
    "'",
    'x'.repeat(300),
  ),
  version: fc.constantFrom('1', '0', '-1', '1e3', '9007199254740993', 'x'),
  other: fc.constantFrom('x', '__proto__', '../../etc/passwd', '%00', '1'),
};

function addresses(path: string): fc.Arbitrary<string> {
  const parts = path.split('/').map((part) => {
    const [, name] = /^[:{](\w+)}?$/.exec(part) ?? [];
    if (name === undefined) return fc.constant(part);
    return (places[name] ?? places.other!).map(encodeURIComponent);
  });
  return fc.tuple(...parts).map((each) => each.join('/'));
}

/** Of all routes that take a body as JSON: method, path, schema. */
function routesWithBodies(): [string, string, object][] {
  return Object.entries<any>(description.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).flatMap(([method, { requestBody }]) => {
      const schema = requestBody?.content?.['application/json']?.schema;
      return schema === undefined
        ? []
        : [[method.toUpperCase(), path, schema] as [string, string, object]];
    }),
  );
}

/** It is alive, knows its session, and no object has got anything that it was not given. */
async function expectUnharmed(): Promise<void> {
  expect((await service.request('GET', '/api/sessions/target')).body.id).toBe(session.id);
  expect(await service.inheritedNames()).toEqual([]);
}

describe('a request', () => {
  it('with a body that means harm is refused or done, on every route that takes one', async () => {
    const routes = routesWithBodies();
    expect(routes.length).toBeGreaterThan(5);
    const seen = new Set<number>();
    for (const [method, path, schema] of routes) {
      const request = fc.tuple(addresses(path), hostileJson(schema, resolve));
      await fc.assert(
        fc.asyncProperty(request, async ([url, text]) => {
          const { status, body } = await service.request(method, url, text);
          seen.add(status);
          // Not `internal`, and no reply that is none: everything that is wrong has a name.
          if (status >= 400) expect(body).toMatchObject({ status, code: expect.any(String) });
          expect(`${status} ${body?.code}`).not.toMatch(/^500|internal/);
          if (status === 201 && /^ses-/.test(body?.id) && body.id !== session.id)
            await service.request('DELETE', `/api/sessions/${body.id}?force=true`);
        }),
        { numRuns: 25 },
      );
    }
    // They were not all refused at the door.
    for (const status of [200, 400]) expect([...seen]).toContain(status);
    await expectUnharmed();
  });

  it('that says how a container is to be made is refused', async () => {
    const reserved = {
      image: 'busybox',
      runtime: 'runc',
      cwd: '/proc/self/fd/7',
      mounts: ['/:/host'],
      volumes: {},
      user: 'root',
      privileged: true,
      devices: [],
      capAdd: ['ALL'],
      securityOpt: [],
      HostConfig: { Privileged: true },
      entrypoint: ['/bin/sh'],
    };
    for (const [name, value] of Object.entries(reserved)) {
      for (const body of [{ [name]: value }, { limits: { [name]: value } }]) {
        const created = await service.request('POST', '/api/sessions', body);
        expect([name, created.status]).toEqual([name, 400]);
        const changed = await service.request('PUT', '/api/sessions/target/config', body);
        expect([name, changed.status]).toEqual([name, 400]);
      }
    }
  });

  it.each([
    'NODE_OPTIONS',
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'DYLD_INSERT_LIBRARIES',
    'PYTHONSTARTUP',
    'BASH_ENV',
    '__proto__',
  ])('that sets %s for a session is refused', async (name) => {
    const body = `{"env":{${JSON.stringify(name)}:"/tmp/x"}}`;
    expect((await service.request('POST', '/api/sessions', body)).status).toBe(400);
    expect((await service.request('PUT', '/api/sessions/target/config', body)).status).toBe(400);
  });
});

describe('a live message', () => {
  it('that means harm is answered, and ends its connection at most', async () => {
    const texts = fc.oneof(
      ...Object.values(clientMessages).map((schema) => hostileJson(schema as object, resolve)),
    );
    const codes = new Set<number>();
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: 1, maxLength: 3 }), async (messages) => {
        const live = await service.live('target');
        for (const text of messages) live.send(text);
        live.send({ type: 'ping', id: 'still-there' });
        await live
          .wait(({ type, requestId }) => type === 'pong' && requestId === 'still-there')
          .catch((error: unknown) => {
            if (live.closed === null) throw error;
          });
        if (live.closed !== null) codes.add(live.closed.code);
        live.close();
      }),
      { numRuns: 60 },
    );
    // 1006 would be a connection that broke, 1011 a fault of ours.
    for (const code of codes) expect([1003, 1007, 1009, 4029]).toContain(code);
    await expectUnharmed();
  });
});

describe('a text', () => {
  it('that is made for it keeps no pattern of a schema busy', () => {
    const patterns = new Set<string>();
    JSON.stringify(description, (key, value) => {
      if (key === 'pattern' && typeof value === 'string') patterns.add(value);
      if (key === 'patternProperties')
        for (const pattern of Object.keys(value)) patterns.add(pattern);
      return value;
    });
    expect(patterns.size).toBeGreaterThan(3);
    // One that tries again from every place, or in every way, would not come to an end with these.
    for (const unit of ['a', 'A', '0', '-', '.', '_', '/', 'a-', '0.', ' ', '\u0000', 'é'])
      for (const end of ['', '!', '\n', '\ud800'])
        for (const pattern of patterns) {
          const text = unit.repeat(300_000) + end;
          expect(typeof new RegExp(pattern, 'u').test(text)).toBe('boolean');
        }
  });
});
