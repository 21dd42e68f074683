import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Profile as PprofProfile } from 'pprof-format';
import { Compile } from 'typebox/schema';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExecutionProfile } from '#protocol';
import { Checker } from '../../../src/orchestrator/api/schemas/checker.ts';
import { Profile } from '../../../src/orchestrator/api/schemas/profile.ts';
import type { ExecutionRecord } from '../../../src/orchestrator/registry/records.ts';
import { ApiFixture, keyOf } from './api-fixture.ts';

const headers = keyOf('viewer');
const developer = keyOf('developer');
let api: ApiFixture;
let execution: ExecutionRecord;

beforeEach(async () => {
  api = await ApiFixture.open();
  api.sessions.add({ name: 'demo' });
  api.sessions.onSubmit = (submitted) => api.sessions.end(submitted, {});
  const reply = await execute({ code: 'f()', profile: true });
  execution = reply.json();
  const { executionId } = execution;
  api.sessions.profiles.set(executionId, {
    executionId,
    profile,
    storedAt: 1_767_225_600_020,
    firstOutputAt: null,
  });
});
afterEach(() => api[Symbol.asyncDispose]());

const profile: ExecutionProfile = {
  intervalMs: 1,
  samples: 12,
  programMs: 10,
  garbageCollectionMs: 1.5,
  otherMs: 0.5,
  truncated: false,
  partial: false,
  functions: [
    { name: '<main>', line: 1, selfMs: 2, totalMs: 10, samples: 2, allocatedBytes: 0 },
    { name: 'f', line: 3, file: 'm.ai', selfMs: 8, totalMs: 8, samples: 8, allocatedBytes: 4096 },
  ],
  lines: [
    { function: 0, line: 1, selfMs: 2, totalMs: 10, samples: 2 },
    { function: 1, line: 4, selfMs: 8, totalMs: 8, samples: 8 },
  ],
  nodes: [
    { parent: -1, line: 0, selfMs: 2, samples: 2 },
    { parent: 0, line: 1, selfMs: 8, samples: 8 },
  ],
};

function execute(payload: object) {
  return api.server.inject({
    method: 'POST',
    url: '/api/sessions/demo/execute',
    headers: developer,
    payload,
  });
}

function get(query = '', executionId = execution.executionId) {
  const url = `/api/sessions/demo/executions/${executionId}/profile${query}`;
  return api.server.inject({ method: 'GET', url, headers });
}

describe('GET profile', () => {
  it('tells lines and functions, what took longest first, and when what happened', async () => {
    const reply = await get();
    expect(reply.statusCode).toBe(200);
    expect(new Checker(Profile).fields(reply.json())).toEqual([]);
    expect(reply.json()).toMatchObject({
      executionId: execution.executionId,
      status: 'success',
      timeline: {
        queuedAt: '2026-01-01T00:00:00.000Z',
        firstOutputAt: null,
        storedAt: '2026-01-01T00:00:00.020Z',
      },
      programMs: 10,
      lines: [
        { function: 'f', line: 4, file: 'm.ai', selfMs: 8, totalMs: 8, samples: 8 },
        { function: '<main>', line: 1, selfMs: 2, totalMs: 10, samples: 2 },
      ],
      functions: [{ name: 'f', allocatedBytes: 4096 }, { name: '<main>' }],
    });
  });

  it('gives a file that speedscope reads', async () => {
    const reply = await get('?format=speedscope');
    expect(reply.headers['content-type']).toMatch(/^application\/json/);
    expect(reply.headers['content-disposition']).toContain(`${execution.executionId}.speedscope`);
    const file = reply.json();
    expect(speedscopeSchema().Errors(file)[1]).toEqual([]);
    expect(file.shared.frames.slice(0, 2)).toEqual([
      { name: '<main>', file: '<program>', line: 1 },
      { name: 'f', file: 'm.ai', line: 4 },
    ]);
    const [time, allocated] = file.profiles;
    expect(time.samples.slice(0, 2)).toEqual([[0], [0, 1]]);
    expect(time.weights).toEqual([2, 8, 1.5, 0.5]);
    expect(allocated.weights).toEqual([4096]);
  });

  it('gives a file that pprof reads', async () => {
    const reply = await get('?format=pprof');
    expect(reply.headers['content-type']).toBe('application/octet-stream');
    const file = PprofProfile.decode(gunzipSync(reply.rawPayload));
    const text = (index: number | bigint) => file.stringTable.strings[Number(index)];
    expect(file.sampleType.map(({ type, unit }) => [text(type), text(unit)])).toEqual([
      ['samples', 'count'],
      ['time', 'nanoseconds'],
      ['alloc_space', 'bytes'],
    ]);
    const placeOf = (id: number | bigint) => {
      const [line] = file.location[Number(id) - 1]!.line;
      const of = file.function[Number(line!.functionId) - 1]!;
      return `${text(of.name)} ${text(of.filename)}:${line!.line}`;
    };
    const samples = file.sample.map(({ locationId, value }) => ({
      stack: locationId.map(placeOf),
      value: value.map(Number),
    }));
    expect(samples).toEqual([
      { stack: ['(main) <program>:1'], value: [2, 2_000_000, 0] },
      { stack: ['f m.ai:4', '(main) <program>:1'], value: [8, 8_000_000, 0] },
      { stack: ['(garbage collector) :0'], value: [2, 1_500_000, 0] },
      { stack: ['(engine) :0'], value: [1, 500_000, 0] },
      { stack: ['f m.ai:3'], value: [0, 0, 4096] },
    ]);
  });

  it('refuses a format that there is not', async () => {
    expect((await get('?format=svg')).statusCode).toBe(400);
  });

  it('says that an execution was not profiled', async () => {
    const { executionId } = (await execute({ code: '1' })).json();
    const reply = await get('', executionId);
    expect(reply.statusCode).toBe(404);
    expect(reply.json()).toMatchObject({ code: 'profile_not_found' });
    expect(reply.json().detail).toContain('not profiled');
  });

  it('says that an execution ended without one', async () => {
    api.sessions.profiles.clear();
    const reply = await get();
    expect(reply.statusCode).toBe(404);
    expect(reply.json().detail).toContain('ended without a profile');
  });

  it('says that an execution has not ended yet', async () => {
    api.sessions.onSubmit = null;
    const submitted = await api.server.inject({
      method: 'POST',
      url: '/api/sessions/demo/execute',
      headers: { ...developer, prefer: 'respond-async' },
      payload: { code: '1', profile: true },
    });
    const reply = await get('', submitted.json().executionId);
    expect(reply.statusCode).toBe(409);
    expect(reply.json().code).toBe('execution_running');
  });

  it('knows no executions but those of the session', async () => {
    expect((await get('', 'exec-none')).json().code).toBe('execution_not_found');
  });
});

/** As speedscope publishes it. */
function speedscopeSchema() {
  const path = import.meta.resolve('speedscope/dist/release/file-format-schema.json');
  return Compile(JSON.parse(readFileSync(new URL(path), 'utf8')));
}
