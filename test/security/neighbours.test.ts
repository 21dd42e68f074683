// What the code of one session can do to another one on the same machine. It is taken to have the whole of its sandbox.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { protocolVersion } from '#protocol';
import { containerOf, nodeInside, tokenOf, valueInside } from '../helpers/inside.ts';
import { type Service, startService } from '../helpers/start-service.ts';

const pids = 32;
let service: Service;
let attacker: any;
let neighbour: any;

beforeAll(async () => {
  service = await startService({ CELLAR_POOL_MIN: '0' });
  attacker = await service.createSession({ limits: { pids, cpus: 0.5 } });
  neighbour = await service.createSession({ limits: { pids } });
  await service.execute(neighbour.id, 'kept = "untouched"');
});
afterAll(() => service[Symbol.asyncDispose]());

async function expectUntouched(): Promise<void> {
  const { result } = await service.execute(neighbour.id, 'kept');
  expect(result.value).toBe('untouched');
  const { body } = await service.request('GET', `/api/sessions/${neighbour.id}`);
  expect(body.sandbox.id).toBe(neighbour.sandbox.id);
}

/** Starts threads until there are no more to be had and keeps them until the file is there; then says how many they were. */
const allThreads = `
  const { Worker } = require('node:worker_threads');
  (async () => {
    for (let started = 0; ; started++)
      try {
        const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
        await require('node:events').once(worker, 'online');
      } catch {
        const look = () => {
          if (!require('node:fs').existsSync('/workspace/files/enough')) return setTimeout(look, 20);
          console.log('threads', started);
          process.exit();
        };
        return look();
      }
  })();
`;

it('has a host user of its own, who is nobody else', async () => {
  const owners = await Promise.all(
    [attacker, neighbour].map(async (session) => {
      const { State } = await containerOf(session).inspect();
      const [, uids] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${State.Pid}/status`, 'utf8'))!;
      return [...new Set(uids!.split('\t').map(Number))];
    }),
  );
  for (const uids of owners) {
    expect(uids).toHaveLength(1);
    expect(uids[0]).toBeGreaterThanOrEqual(200_000);
  }
  expect(owners[0]).not.toEqual(owners[1]);
});

it('takes no process or thread from the others when it has used up its own', async () => {
  const flood = nodeInside(attacker, allThreads);
  const counted = async () => (await containerOf(attacker).stats({ stream: false })).pids_stats;
  await expect
    .poll(async () => (await counted())?.current, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(pids - 1);
  await expectUntouched();
  const others = await valueInside(
    neighbour,
    `const { Worker } = require('node:worker_threads');
     let started = 0;
     for (; started < 8; started++)
       await require('node:events').once(new Worker('setInterval(() => {}, 1e6)', { eval: true }), 'online');
     return started;`,
  );
  expect(others).toBe(8);
  // Its own session goes on as well.
  await service.execute(attacker.id, 'write("enough", "")');
  const started = Number(/threads (\d+)/.exec(await flood)?.[1]);
  expect(started).toBeGreaterThan(8);
  expect(started).toBeLessThan(pids);
});

it('takes no memory from the others, and goes on itself, when it wants more than it has', async () => {
  await nodeInside(attacker, 'const held = []; for (;;) held.push(Buffer.alloc(8 << 20, 1));');
  await expectUntouched();
  // Whichever process the kernel took: the next request is served, in a fresh sandbox where it has to be.
  await expect
    .poll(async () => (await service.execute(attacker.id, '6 * 7')).result?.value, {
      timeout: 60_000,
    })
    .toBe(42);
});

it('has the share of a processor that it was given', async () => {
  const { body } = await service.request('GET', `/api/sessions/${attacker.id}`);
  const [quota, used] = (await valueInside(
    body,
    `const fs = require('node:fs');
     const read = (path) => fs.existsSync(path) ? fs.readFileSync(path, 'utf8').trim() : undefined;
     const [quota, period] = read('/sys/fs/cgroup/cpu.max')?.split(' ')
       ?? ['quota', 'period'].map((name) => read('/sys/fs/cgroup/cpu/cpu.cfs_' + name + '_us'));
     // Two threads, so that there is more to take than one processor.
     const { Worker } = require('node:worker_threads');
     const begin = process.hrtime.bigint();
     const before = process.cpuUsage();
     for (let i = 0; i < 2; i++) new Worker('for (;;);', { eval: true });
     await new Promise((resolve) => setTimeout(resolve, 2000));
     const { user, system } = process.cpuUsage(before);
     return [quota / period, (user + system) / (Number(process.hrtime.bigint() - begin) / 1000)];`,
  )) as [number, number];
  expect(quota).toBe(0.5);
  // A loaded machine gives less, never more; the kernel counts in periods of a tenth of a second.
  expect(used).toBeLessThan(0.5 * 1.3);
});

it('sees no link but its own, and opens no other with what it knows', async () => {
  const body = (await service.request('GET', `/api/sessions/${attacker.id}`)).body;
  const [own, other] = await Promise.all([tokenOf(body), tokenOf(neighbour)]);
  expect(own).not.toBe(other);
  const [seen, answers] = (await valueInside(
    body,
    `const fs = require('node:fs');
     const { createServer } = require('node:http2');
     const seen = fs.readdirSync('/run/cellar');
     // Dials as an agent does, and says whether it was let in: then a second request follows the hello.
     const dial = (token) => new Promise((resolve) => {
       const server = createServer();
       server.on('sessionError', () => {});
       server.on('stream', (stream, headers) => {
         stream.on('error', () => {});
         if (headers[':path'] !== '/hello') return resolve('let in');
         stream.respond({ ':status': 200 });
         stream.end(JSON.stringify({ protocolVersion: PROTOCOL, token, agentVersion: '0', languages: ['anarchy'],
           sessionId: null, lastSeq: 0, executions: [] }));
       });
       const socket = require('node:net').connect('/run/cellar/agent.sock');
       socket.on('error', () => {}).on('close', () => resolve('closed'));
       socket.on('connect', () => server.emit('connection', socket));
     });
     const answers = [];
     for (const token of ['', 'a guess', ${JSON.stringify(other)}, ${JSON.stringify(own.slice(1))}])
       answers.push(await dial(token));
     return [seen, answers];`.replace('PROTOCOL', String(protocolVersion)),
  )) as [string[], string[]];
  expect(seen).toEqual(['agent.sock']);
  expect(answers).toEqual(Array(4).fill('closed'));
  // The agent was not disturbed.
  expect((await service.execute(attacker.id, '6 * 7')).result.value).toBe(42);
  await expectUntouched();
});
