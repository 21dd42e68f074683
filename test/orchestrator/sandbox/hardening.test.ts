import { expect, it } from 'vitest';
import { defaultAllowances, sandboxSpec } from '../../../src/orchestrator/sandbox/hardening.ts';

const policy = {
  instanceId: 'inst-1',
  image: 'cellar-sandbox:latest',
  seccompProfile: '{}',
  ...defaultAllowances,
};
const limits = {
  memoryBytes: 268_435_456,
  cpus: 1,
  pids: 64,
  workspaceBytes: 67_108_864,
  outputBytes: 1024,
};
const identity = {
  sandboxId: 'sbx-1',
  uid: 200_001,
  token: 'secret',
  runtime: 'runc',
  linkDirectory: '/var/lib/cellar/run/sbx-1',
};

it('describes a sandbox completely', () => {
  expect(sandboxSpec(policy, limits, identity)).toStrictEqual({
    sandboxId: 'sbx-1',
    instanceId: 'inst-1',
    image: 'cellar-sandbox:latest',
    runtime: 'runc',
    uid: 200_001,
    memoryBytes: 268_435_456,
    cpus: 1,
    pids: 64,
    openFiles: 256,
    fileBytes: 83_886_080,
    workspaceBytes: 67_108_864,
    workspaceInodes: 4096,
    temporaryBytes: 16_777_216,
    linkDirectory: '/var/lib/cellar/run/sbx-1',
    linkMountPath: '/run/cellar',
    environment: {
      CELLAR_LINK: '/run/cellar/agent.sock',
      CELLAR_EGRESS: '/run/cellar/egress.sock',
      CELLAR_TOKEN: 'secret',
    },
    seccompProfile: '{}',
  });
});

it('gives gVisor the threads that it needs for itself', () => {
  const { pids } = sandboxSpec(policy, limits, { ...identity, runtime: 'runsc' });
  expect(pids).toBe(256);
});

it.each([0, -1, 1.5, Number.NaN])('makes no sandbox for uid %s', (uid) => {
  expect(() => sandboxSpec(policy, limits, { ...identity, uid })).toThrow('uid');
});
