import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  judgeClock,
  judgeControlGroups,
  judgeEngine,
  judgeFlaws,
  judgeImage,
  judgeKernel,
  judgeModule,
  judgeRuntime,
  judgeSeccomp,
  judgeStorage,
  judgeUserIds,
} from '../../../src/orchestrator/doctor/judge-engine.ts';

const controlGroups = {
  version: '2',
  driver: 'systemd',
  memory: true,
  swap: true,
  cpu: true,
  pids: true,
};
const ids = { uidFirst: 200_000, uidCount: 65_536 };

describe('of an engine', () => {
  it('the API must be as new as the oldest that is tested', () => {
    expect(judgeEngine({ version: '20.10.0', apiVersion: '1.41' }).level).toBe('ok');
    expect(judgeEngine({ version: '28.0.0', apiVersion: '1.100' }).level).toBe('ok');
    expect(judgeEngine({ version: '19.03.15', apiVersion: '1.40' }).level).toBe('failure');
  });

  it('known flaws are a warning, and a failure where the service would not start with them', () => {
    const flawed = { flaws: ['runc 1.1.5 has CVE-2024-21626'] };
    expect(judgeFlaws({ flaws: [] }, { runtime: 'runc', engineFlaws: 'refuse' }).level).toBe('ok');
    expect(judgeFlaws(flawed, { runtime: 'runc', engineFlaws: 'warn' })).toMatchObject({
      level: 'warning',
      seen: expect.stringContaining('CVE-2024-21626'),
    });
    expect(judgeFlaws(flawed, { runtime: 'auto', engineFlaws: 'refuse' }).level).toBe('failure');
    expect(judgeFlaws(flawed, { runtime: 'runsc', engineFlaws: 'refuse' }).level).toBe('ok');
  });

  it('the runtime that is configured must be there', () => {
    const offered = { runtimes: ['runc', 'runsc'] };
    expect(judgeRuntime(offered, { runtime: 'runsc' })).toMatchObject({
      level: 'ok',
      seen: expect.stringContaining('runsc (gvisor)'),
    });
    expect(judgeRuntime(offered, { runtime: 'kata' }).level).toBe('failure');
    expect(judgeRuntime(offered, { runtime: 'auto' }).level).toBe('ok');
    expect(judgeRuntime(offered, { runtime: 'io.containerd.kata.v2' }).level).toBe('ok');
  });

  it.each(['memory', 'cpu', 'pids'])('a missing controller is a failure: %s', (name) => {
    const found = judgeControlGroups({ controlGroups: { ...controlGroups, [name]: false } });
    expect(found).toMatchObject({ level: 'failure', seen: expect.stringContaining(name) });
  });

  it('swap that cannot be limited is a warning, both versions of control groups do', () => {
    expect(judgeControlGroups({ controlGroups }).level).toBe('ok');
    expect(judgeControlGroups({ controlGroups: { ...controlGroups, version: '1' } }).level).toBe(
      'ok',
    );
    expect(judgeControlGroups({ controlGroups: { ...controlGroups, swap: false } }).level).toBe(
      'warning',
    );
  });

  it('an old kernel is a warning', () => {
    expect(judgeKernel({ kernel: '6.1.0-37-amd64' }).level).toBe('ok');
    expect(judgeKernel({ kernel: '5.10.0' }).level).toBe('ok');
    expect(judgeKernel({ kernel: '5.4.0-216-generic' }).level).toBe('warning');
    expect(judgeKernel({ kernel: '' }).level).toBe('warning');
  });

  it('nothing starts without seccomp; a security module is one more wall', () => {
    expect(judgeSeccomp({ security: ['seccomp', 'cgroupns'] }).level).toBe('ok');
    expect(judgeSeccomp({ security: ['apparmor'] }).level).toBe('failure');
    expect(judgeModule({ security: ['seccomp', 'apparmor'] }).level).toBe('ok');
    expect(judgeModule({ security: ['seccomp'] }).level).toBe('warning');
  });

  it('a remap of user ids has none for sandboxes', () => {
    expect(judgeUserIds({ security: ['seccomp'] }, ids).level).toBe('ok');
    expect(judgeUserIds({ security: ['userns'] }, ids).level).toBe('failure');
    expect(judgeUserIds({ security: ['rootless'] }, ids).level).toBe('failure');
    const low = { uidFirst: 1000, uidCount: 1000 };
    expect(judgeUserIds({ security: ['userns'] }, low).level).toBe('warning');
  });

  it('the storage driver is one that shares the image', () => {
    expect(judgeStorage({ storageDriver: 'overlay2' }).level).toBe('ok');
    expect(judgeStorage({ storageDriver: 'vfs' }).level).toBe('warning');
  });

  it('the image is there, and of the same version', () => {
    const wanted = { sandboxImage: 'cellar-sandbox:latest', version: '1.2.3' };
    const createdAt = '2026-11-01T00:00:00Z';
    expect(judgeImage({ image: { version: '1.2.3', createdAt } }, wanted).level).toBe('ok');
    expect(judgeImage({ image: { version: '1.2.2', createdAt } }, wanted).level).toBe('warning');
    expect(judgeImage({ image: { version: null, createdAt } }, wanted).level).toBe('warning');
    expect(judgeImage({ image: null }, wanted)).toMatchObject({
      level: 'failure',
      advice: expect.stringContaining('make images'),
    });
  });

  it('clocks agree, and none is before the version was made', () => {
    const own = { now: 1_800_000_000_000, builtAt: 1_700_000_000_000 };
    expect(judgeClock({ now: own.now + 1500 }, own).level).toBe('ok');
    expect(judgeClock({ now: null }, own).level).toBe('ok');
    expect(judgeClock({ now: own.now - 3000 }, own).level).toBe('warning');
    expect(judgeClock({ now: own.now + 61_000 }, own).level).toBe('failure');
    expect(judgeClock({ now: 0 }, { now: 1000, builtAt: 2000 }).level).toBe('failure');
  });
});

it('versions are compared by their numbers', () => {
  expect(compareVersions('1.100', '1.41')).toBeGreaterThan(0);
  expect(compareVersions('5.9.16', '5.10')).toBeLessThan(0);
  expect(compareVersions('5.10.4-generic', '5.10')).toBe(0);
  expect(compareVersions('nonsense', '1')).toBeLessThan(0);
});
