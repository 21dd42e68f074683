// What a sandbox finds on its disks, and where it can write.
import { describe, expect, it } from 'vitest';
import { probeLimits, probeNode, probeValue } from '../helpers/probe.ts';

const MiB = 1024 * 1024;

describe('the file system of a sandbox', () => {
  it('has one program, Node, with the libraries it needs, and the agent', async () => {
    const files = (await probeValue(`
      const fs = require('node:fs');
      const found = [];
      const walk = (directory) => {
        for (const entry of fs.readdirSync(directory, { withFileTypes: true })) {
          const path = (directory + '/' + entry.name).replace('//', '/');
          if (['/proc', '/sys', '/dev'].includes(path)) continue;
          if (entry.isDirectory()) walk(path);
          else found.push(path);
        }
      };
      walk('/');
      return found;
    `)) as string[];
    const expected = /\/ld-linux[^/]*$|\.so(\.\d+)*$|^\/opt\/cellar\/[\w-]+\.mjs$/;
    expect(files).toContain('/opt/cellar/agent.mjs');
    expect(files.filter((path) => !expected.test(path)).sort()).toEqual([
      '/.dockerenv',
      '/etc/group',
      '/etc/hostname',
      '/etc/hosts',
      '/etc/mtab',
      '/etc/passwd',
      '/etc/resolv.conf',
      // Bound in by the engine as the process with id 1.
      '/sbin/docker-init',
      '/usr/local/bin/node',
    ]);
  });

  it('cannot be changed outside the workspace and the temporary directory', async () => {
    const outcomes = await probeValue(`
      const fs = require('node:fs');
      const attempt = (path) => {
        try { fs.writeFileSync(path, 'x'); return 'written'; } catch (error) { return error.code; }
      };
      const paths = ['/x', '/etc/passwd', '/opt/cellar/agent.mjs', '/usr/local/bin/node', '/run/x', '/run/cellar/x',
        '/dev/x', '/dev/shm/x', '/proc/sys/kernel/core_pattern', '/proc/sysrq-trigger', '/proc/self/oom_score_adj',
        '/sys/fs/cgroup/x', '/sys/kernel/uevent_helper', '/workspace/x', '/tmp/x'];
      return Object.fromEntries(paths.map((path) => [path, attempt(path)]));
    `);
    expect(outcomes).toMatchObject({ '/workspace/x': 'written', '/tmp/x': 'written' });
    const refused = Object.entries(outcomes as object).filter(
      ([, outcome]) => outcome !== 'written',
    );
    expect(refused.map(([path]) => path)).toHaveLength(13);
    // What would reach the host is no matter of who asks: it cannot be written at all.
    for (const path of [
      '/opt/cellar/agent.mjs',
      '/run/cellar/x',
      '/proc/sys/kernel/core_pattern',
      '/sys/kernel/uevent_helper',
    ])
      expect([path, Reflect.get(outcomes as object, path)]).toEqual([path, 'EROFS']);
  });

  it('shows nothing of the host but the link, read-only', async () => {
    const mounts = (await probeValue(`
      return require('node:fs').readFileSync('/proc/self/mountinfo', 'utf8').trim().split('\\n').map((line) => {
        const [, , , , point, options] = line.split(' ');
        return { point, options: options.split(','), type: line.split(' - ')[1].split(' ')[0] };
      });
    `)) as { point: string; options: string[]; type: string }[];
    const at = (point: string) => mounts.filter((mount) => mount.point === point);
    expect(at('/')[0]?.options).toContain('ro');
    expect(at('/run/cellar')[0]?.options).toContain('ro');
    for (const point of ['/workspace', '/tmp']) {
      expect(at(point)).toMatchObject([{ type: 'tmpfs' }]);
      expect(at(point)[0]?.options).toEqual(expect.arrayContaining(['nosuid', 'nodev', 'noexec']));
    }
    const kinds = new Set([
      'proc',
      'sysfs',
      'tmpfs',
      'devpts',
      'mqueue',
      'cgroup',
      'cgroup2',
      'devtmpfs',
    ]);
    const others = mounts.filter(({ type }) => !kinds.has(type)).map(({ point }) => point);
    // The engine binds its own small files for names and the first process.
    expect(others.sort()).toEqual([
      '/',
      '/etc/hostname',
      '/etc/hosts',
      '/etc/resolv.conf',
      '/run/cellar',
      '/sbin/docker-init',
    ]);
  });

  it('has no way to the engine', async () => {
    const found = await probeValue(`
      const paths = ['/var/run/docker.sock', '/run/docker.sock', '/run/containerd/containerd.sock'];
      return paths.filter((path) => require('node:fs').existsSync(path));
    `);
    expect(found).toEqual([]);
  });

  it('does not run what was written to it', async () => {
    const { output } = await probeNode(`
      const fs = require('node:fs');
      fs.copyFileSync('/sbin/docker-init', '/workspace/program');
      fs.chmodSync('/workspace/program', 0o755);
      console.log(require('node:child_process').spawnSync('/workspace/program').error.code);
    `);
    expect(output.trim()).toBe('EACCES');
  });
});

describe('the workspace of a sandbox', () => {
  it('belongs to the sandbox alone', async () => {
    const modes = await probeValue(`
      const fs = require('node:fs');
      return ['/workspace', '/tmp'].map((path) => {
        const { uid, mode } = fs.statSync(path);
        return [uid === process.getuid(), (mode & 0o7777).toString(8)];
      });
    `);
    expect(modes).toEqual(Array(2).fill([true, '700']));
  });

  it('is full at its limit, as an error to the program', async () => {
    const outcome = await probeValue(`
      const fs = require('node:fs');
      const fill = (path) => {
        const file = fs.openSync(path, 'w');
        const block = Buffer.alloc(1024 * 1024);
        for (let written = 0; ; written++) {
          try { fs.writeSync(file, block); } catch (error) { fs.rmSync(path); return [error.code, written]; }
        }
      };
      return [fill('/workspace/file'), fill('/tmp/file')];
    `);
    expect(outcome).toEqual([
      ['ENOSPC', probeLimits.workspaceBytes / MiB],
      ['ENOSPC', 16],
    ]);
  });

  it('takes so many files and no more', async () => {
    const [code, made] = (await probeValue(`
      const fs = require('node:fs');
      for (let made = 0; ; made++)
        try { fs.writeFileSync('/workspace/' + made, ''); } catch (error) { return [error.code, made]; }
    `)) as [string, number];
    expect(code).toBe('ENOSPC');
    expect(made).toBeLessThan(4096);
  });
});
