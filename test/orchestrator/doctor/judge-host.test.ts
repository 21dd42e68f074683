import { describe, expect, it } from 'vitest';
import { sizeText } from '../../../src/orchestrator/doctor/finding.ts';
import {
  judgeDataDisk,
  judgeDirectory,
  judgeEngineDisk,
  judgeKernelLimits,
  judgeMemory,
  judgeNode,
  judgeOpenFiles,
  judgePort,
} from '../../../src/orchestrator/doctor/judge-host.ts';

const MiB = 1024 ** 2;
const GiB = 1024 ** 3;

describe('of the machine', () => {
  it('Node is 24 or newer', () => {
    expect(judgeNode('24.21.0').level).toBe('ok');
    expect(judgeNode('25.0.0').level).toBe('ok');
    expect(judgeNode('22.20.0').level).toBe('failure');
  });

  it('the disk of the data directory has more than the reserve, and a tenth', () => {
    const sizeBytes = 100 * GiB;
    expect(judgeDataDisk({ freeBytes: 50 * GiB, sizeBytes }, GiB).level).toBe('ok');
    expect(judgeDataDisk({ freeBytes: 9 * GiB, sizeBytes }, GiB).level).toBe('warning');
    expect(judgeDataDisk({ freeBytes: GiB, sizeBytes }, GiB).level).toBe('failure');
  });

  it('the engine has room for containers, as far as that can be seen', () => {
    expect(judgeEngineDisk({ freeBytes: 2 * GiB, sizeBytes: 100 * GiB }, '/d').level).toBe('ok');
    expect(judgeEngineDisk({ freeBytes: GiB / 2, sizeBytes: 100 * GiB }, '/d').level).toBe(
      'warning',
    );
    expect(judgeEngineDisk(null, '/d').level).toBe('ok');
  });

  it('memory is enough for what the limits allow', () => {
    const settings = {
      memoryBytes: 256 * MiB,
      memoryBytesMax: 4 * GiB,
      memoryOvercommit: 4,
      sessionsMax: 1000,
    };
    expect(judgeMemory(16 * GiB, settings)).toEqual({
      level: 'ok',
      seen: '16 GiB: room for 256 sessions of 256 MiB',
      advice: null,
    });
    expect(judgeMemory(2 * GiB, settings).level).toBe('warning');
    expect(judgeMemory(16 * GiB, { ...settings, memoryOvercommit: 100 }).level).toBe('warning');
    expect(judgeMemory(GiB / 32, settings).level).toBe('failure');
  });

  it('files may be open for every sandbox and live connection twice', () => {
    const wanted = { sessions: 100, liveConnections: 400 };
    expect(judgeOpenFiles(1000, wanted).level).toBe('ok');
    expect(judgeOpenFiles(999, wanted)).toMatchObject({
      level: 'warning',
      seen: expect.stringContaining('1000'),
    });
    expect(judgeOpenFiles(Number.POSITIVE_INFINITY, wanted).level).toBe('ok');
  });

  it('the kernel has room for what each container takes', () => {
    const limits = { inotifyInstances: 128, processIds: 4_194_304, threads: 100_000 };
    expect(judgeKernelLimits(limits, { sessions: 128, watches: true }).level).toBe('ok');
    expect(judgeKernelLimits(limits, { sessions: 129, watches: true })).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('fs.inotify.max_user_instances=129'),
    });
    expect(judgeKernelLimits(limits, { sessions: 1000, watches: false }).level).toBe('ok');
    expect(judgeKernelLimits(limits, { sessions: 5000, watches: false })).toMatchObject({
      level: 'warning',
      seen: 'kernel.threads-max is 100000',
    });
    const unseen = { inotifyInstances: null, processIds: null, threads: null };
    expect(judgeKernelLimits(unseen, { sessions: 5000, watches: true }).level).toBe('ok');
  });
});

describe('of the data directory', () => {
  const directory = { path: '/srv/cellar', owner: 1000, mode: 0o40700, writable: true };

  it('it is the service’s own', () => {
    expect(judgeDirectory(directory, 1000).level).toBe('ok');
    expect(judgeDirectory({ ...directory, owner: null, mode: 0o41777 }, 1000).level).toBe('ok');
    expect(judgeDirectory({ ...directory, owner: 999 }, 1000).level).toBe('failure');
    expect(judgeDirectory({ ...directory, owner: 999 }, 0).level).toBe('ok');
  });

  it('nobody else looks in, and it can be written', () => {
    expect(judgeDirectory({ ...directory, mode: 0o40755 }, 1000)).toMatchObject({
      level: 'warning',
      advice: expect.stringContaining('chmod 700 /srv/cellar'),
    });
    expect(judgeDirectory({ ...directory, writable: false }, 1000).level).toBe('failure');
  });
});

it('the address is free, or served by a Cellar', () => {
  expect(judgePort('nobody', '127.0.0.1:8080').level).toBe('ok');
  expect(judgePort('cellar', '127.0.0.1:8080').level).toBe('ok');
  expect(judgePort('somebody', '127.0.0.1:8080').level).toBe('failure');
  expect(judgePort('refused', '192.0.2.1:8080').level).toBe('failure');
});

it('sizes are told in the unit that fits', () => {
  expect([0, 1023, 1536, 256 * MiB, 5000 * GiB].map(sizeText)).toEqual([
    '0 bytes',
    '1023 bytes',
    '1.5 KiB',
    '256 MiB',
    '4.9 TiB',
  ]);
});
