// What a sandbox may use up, and how it ends when it wants more.
import { constants } from 'node:os';
import { expect, it } from 'vitest';
import { probeLimits, probeNode, probeValue } from '../helpers/probe.ts';

const MiB = 1024 * 1024;

it('ends a sandbox that wants more memory than it has', async () => {
  const { exitCode, outOfMemory } = await probeNode(
    `const held = []; for (;;) held.push(Buffer.alloc(8 * 1024 * 1024, 1));`,
    { limits: { memoryBytes: 128 * MiB } },
  );
  expect(exitCode).toBe(128 + constants.signals.SIGKILL);
  expect(outOfMemory).toBe(true);
});

it('counts files as memory, so that both together stay within the limit', async () => {
  const { outOfMemory } = await probeNode(
    `const fs = require('node:fs');
     fs.writeFileSync('/workspace/file', Buffer.alloc(64 * 1024 * 1024, 1));
     const held = []; for (let i = 0; i < 12; i++) held.push(Buffer.alloc(8 * 1024 * 1024, 1));`,
    { limits: { memoryBytes: 128 * MiB, workspaceBytes: 128 * MiB } },
  );
  expect(outOfMemory).toBe(true);
});

it('gives no more processes and threads than the limit', async () => {
  const started = (await probeValue(
    `const { Worker } = require('node:worker_threads');
     for (;;) {
       try {
         const worker = new Worker('setInterval(() => {}, 1e6)', { eval: true });
         await require('node:events').once(worker, 'online');
       } catch (error) {
         const threads = require('node:fs').readdirSync('/proc/self/task').length;
         process.stdout.write(JSON.stringify([error.code, threads]));
         process.exit(0);
       }
     }`,
    { limits: { pids: 32 } },
  )) as [string, number];
  expect(started[0]).toBe('ERR_WORKER_INIT_FAILED');
  // The first process is one of them too.
  expect(started[1]).toBeLessThanOrEqual(31);
});

it('limits open files and their size, and keeps no memory dump', async () => {
  const limits = (await probeValue(
    `return require('node:fs').readFileSync('/proc/self/limits', 'utf8');`,
  )) as string;
  expect(limits).toMatch(/^Max open files +256 +256 /m);
  expect(limits).toMatch(/^Max core file size +0 +0 /m);
  const bytes = probeLimits.workspaceBytes + 16 * MiB;
  expect(limits).toMatch(new RegExp(`^Max file size +${bytes} +${bytes} `, 'm'));
});
