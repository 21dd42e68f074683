import { expect, it } from 'vitest';
import {
  containerName,
  containerOptions,
  resourceOptions,
} from '../../../../src/orchestrator/runtimes/docker/container-options.ts';
import type { SandboxSpec } from '../../../../src/orchestrator/runtimes/sandbox-spec.ts';

const spec: SandboxSpec = {
  sandboxId: 'sbx-1',
  instanceId: 'inst-1',
  image: 'cellar-sandbox:latest',
  runtime: 'runc',
  uid: 200_001,
  memoryBytes: 268_435_456,
  cpus: 0.5,
  pids: 64,
  openFiles: 256,
  fileBytes: 83_886_080,
  workspaceBytes: 67_108_864,
  workspaceInodes: 4096,
  temporaryBytes: 16_777_216,
  linkDirectory: '/var/lib/cellar/run/sbx-1',
  linkMountPath: '/run/cellar',
  environment: { CELLAR_LINK: '/run/cellar/agent.sock', CELLAR_TOKEN: 'secret' },
  seccompProfile: '{"defaultAction":"SCMP_ACT_ERRNO"}',
};

it('sends the engine exactly this, and nothing else', () => {
  expect(containerOptions(spec)).toStrictEqual({
    Image: 'cellar-sandbox:latest',
    Hostname: 'sandbox',
    User: '200001:200001',
    WorkingDir: '/workspace',
    Env: ['CELLAR_LINK=/run/cellar/agent.sock', 'CELLAR_TOKEN=secret'],
    Labels: {
      'cellar.instance': 'inst-1',
      'cellar.sandbox': 'sbx-1',
      'cellar.uid': '200001',
    },
    AttachStdin: false,
    AttachStdout: false,
    AttachStderr: false,
    OpenStdin: false,
    Tty: false,
    HostConfig: {
      Runtime: 'runc',
      Init: true,
      NetworkMode: 'none',
      IpcMode: 'none',
      CgroupnsMode: 'private',
      ReadonlyRootfs: true,
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', 'seccomp={"defaultAction":"SCMP_ACT_ERRNO"}'],
      PidsLimit: 64,
      Memory: 268_435_456,
      MemorySwap: 268_435_456,
      NanoCpus: 500_000_000,
      CpuShares: 64,
      OomScoreAdj: 500,
      Ulimits: [
        { Name: 'nofile', Soft: 256, Hard: 256 },
        { Name: 'fsize', Soft: 83_886_080, Hard: 83_886_080 },
        { Name: 'core', Soft: 0, Hard: 0 },
      ],
      LogConfig: { Type: 'none', Config: {} },
      Tmpfs: {
        '/workspace':
          'rw,nosuid,nodev,noexec,size=67108864,nr_inodes=4096,mode=0700,uid=200001,gid=200001',
        '/tmp':
          'rw,nosuid,nodev,noexec,size=16777216,nr_inodes=4096,mode=0700,uid=200001,gid=200001',
      },
      Binds: ['/var/lib/cellar/run/sbx-1:/run/cellar:ro'],
      RestartPolicy: { Name: 'no' },
      AutoRemove: false,
    },
  });
});

it('names a container after its sandbox', () => {
  expect(containerName('sbx-1')).toBe('cellar-sbx-1');
});

it('changes memory and swap together', () => {
  expect(resourceOptions({ memoryBytes: 1024, cpus: 1.5, pids: 8 })).toStrictEqual({
    PidsLimit: 8,
    Memory: 1024,
    MemorySwap: 1024,
    NanoCpus: 1_500_000_000,
    CpuShares: 192,
  });
});

it('gives every sandbox a weight by its size, below that of the service', () => {
  const sharesOf = (cpus: number) =>
    resourceOptions({ memoryBytes: 1024, cpus, pids: 8 }).CpuShares;
  expect(sharesOf(4)).toBe(4 * sharesOf(1));
  expect(sharesOf(4)).toBeLessThan(1024);
  // Less the kernel does not take, and none would be the default.
  expect(sharesOf(0.01)).toBe(2);
});
