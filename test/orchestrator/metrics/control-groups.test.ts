import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ControlGroups } from '../../../src/orchestrator/metrics/control-groups.ts';

const id = 'abcdef0123456789'.repeat(4);
let root: string;

beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/cellar-groups-`);
});

afterEach(() => rm(root, { recursive: true }));

async function files(contents: Record<string, string>): Promise<void> {
  for (const [path, content] of Object.entries(contents)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

it.each([`docker/${id}`, `system.slice/docker-${id}.scope`])(
  'version 1: reads what the controllers count, in %s',
  async (path) => {
    await files({
      [`cpuacct/${path}/cpuacct.usage`]: '1500000000\n',
      [`memory/${path}/memory.usage_in_bytes`]: '1000000\n',
      [`memory/${path}/memory.stat`]: 'cache 5\ninactive_file 1\ntotal_inactive_file 400000\n',
      [`pids/${path}/pids.current`]: '7\n',
      [`pids/${path}/pids.events`]: 'max 3\n',
      [`cpu/${path}/cpu.stat`]: 'nr_periods 9\nnr_throttled 2\nthrottled_time 250000000\n',
    });
    expect(new ControlGroups(root).read(id)).toEqual({
      cpuSeconds: 1.5,
      throttledSeconds: 0.25,
      memoryBytes: 600_000,
      pids: 7,
      pidsRefused: 3,
    });
  },
);

it.each([`docker/${id}`, `system.slice/docker-${id}.scope`])(
  'version 2: reads the one group, in %s',
  async (path) => {
    await files({
      'cgroup.controllers': 'cpu memory pids\n',
      [`${path}/cpu.stat`]:
        'usage_usec 2500000\nuser_usec 2000000\nnr_throttled 1\nthrottled_usec 750000\n',
      [`${path}/memory.current`]: '1000000\n',
      [`${path}/memory.stat`]: 'anon 1\ninactive_file 100000\n',
      [`${path}/pids.current`]: '9\n',
      [`${path}/pids.events`]: 'max 0\n',
    });
    expect(new ControlGroups(root).read(id)).toEqual({
      cpuSeconds: 2.5,
      throttledSeconds: 0.75,
      memoryBytes: 900_000,
      pids: 9,
      pidsRefused: 0,
    });
  },
);

it('a kernel that does not count refused processes says null, not zero', async () => {
  await files({
    [`cpuacct/docker/${id}/cpuacct.usage`]: '0\n',
    [`memory/docker/${id}/memory.usage_in_bytes`]: '1\n',
  });
  expect(new ControlGroups(root).read(id)?.pidsRefused).toBeNull();
});

it('a container that is not here has no reading', async () => {
  expect(new ControlGroups(root).read(id)).toBeNull();
  expect(new ControlGroups('/nowhere').read(id)).toBeNull();
});

it('a container that has gone has none any more', async () => {
  await files({
    [`cpuacct/docker/${id}/cpuacct.usage`]: '0\n',
    [`memory/docker/${id}/memory.usage_in_bytes`]: '1\n',
  });
  const groups = new ControlGroups(root);
  expect(groups.read(id)).not.toBeNull();
  await rm(join(root, 'cpuacct/docker', id), { recursive: true });
  expect(groups.read(id)).toBeNull();
});

it('an id that is none leads nowhere', async () => {
  await files({
    'cpuacct/secret/cpuacct.usage': '7\n',
    'memory/secret/memory.usage_in_bytes': '7\n',
    'cpuacct/docker/x': '',
  });
  expect(new ControlGroups(root).read('../secret')).toBeNull();
});
