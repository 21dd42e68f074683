// The seccomp profile as the kernel applies it: every call is really made, from a program of the test's own.
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { probe, probeNode } from '../helpers/probe.ts';
import {
  type SystemCall,
  systemCallProgram,
  systemCallResults,
} from '../helpers/system-call-program.ts';

const { EPERM, EAFNOSUPPORT, ENOSYS } = constants.errno;
const streamSocket = 1;

const denied: Record<string, SystemCall> = {
  ptrace: { number: 101 },
  syslog: { number: 103 },
  personality: { number: 135, arguments: [0xffffffff] },
  mknod: { number: 133 },
  pivot_root: { number: 155 },
  mount: { number: 165 },
  umount2: { number: 166 },
  keyctl: { number: 250 },
  add_key: { number: 248 },
  inotify_init: { number: 253 },
  unshare: { number: 272, arguments: [0x10000000] },
  perf_event_open: { number: 298 },
  open_by_handle_at: { number: 304 },
  setns: { number: 308 },
  process_vm_readv: { number: 310 },
  kcmp: { number: 312 },
  memfd_create: { number: 319 },
  bpf: { number: 321 },
  userfaultfd: { number: 323 },
  io_uring_setup: { number: 425, arguments: [1] },
  open_tree: { number: 428 },
  fsopen: { number: 430 },
  pidfd_open: { number: 434, arguments: [1] },
  'clone with a new user namespace': { number: 56, arguments: [0x10000000 | 17] },
  'clone with a new mount namespace': { number: 56, arguments: [0x00020000 | 17] },
  'ioctl TIOCSTI': { number: 16, arguments: [0, 0x5412] },
};

const families: Record<string, number> = {
  inet: 2,
  ax25: 3,
  ipx: 4,
  inet6: 10,
  netlink: 16,
  packet: 17,
  alg: 38,
  vsock: 40,
  xdp: 44,
};

const calls: [string, SystemCall, number][] = [
  ...Object.entries(denied).map(([name, call]): [string, SystemCall, number] => [
    name,
    call,
    -EPERM,
  ]),
  ...Object.entries(families).map(([name, family]): [string, SystemCall, number] => [
    `a ${name} socket`,
    { number: 41, arguments: [family, streamSocket] },
    -EAFNOSUPPORT,
  ]),
  ['a pair of inet sockets', { number: 53, arguments: [2, streamSocket] }, -EAFNOSUPPORT],
  // The upper half of the register must not hide the family from the filter.
  [
    'an inet socket with dirty upper bits',
    { number: 41, arguments: [2 ** 32 + 2, streamSocket] },
    -EAFNOSUPPORT,
  ],
  ['clone3', { number: 435 }, -ENOSYS],
];

/** Runs them in one container; the answers come back as hexadecimal text, because the program's own are bytes. */
async function answers(list: readonly SystemCall[]): Promise<number[]> {
  const { output } = await probeNode(
    `const { execFileSync } = require('node:child_process');
     process.stdout.write(execFileSync('/run/cellar/calls').toString('hex'));`,
    { files: { calls: systemCallProgram(list) } },
  );
  return systemCallResults(output);
}

describe.skipIf(process.arch !== 'x64')('system calls', () => {
  it('are refused unless a sandbox needs them', async () => {
    const results = await answers(calls.map(([, call]) => call));
    const observed = calls.map(([name], index) => [name, results[index]]);
    expect(observed).toEqual(calls.map(([name, , expected]) => [name, expected]));
  });

  it('that a sandbox needs go through to the kernel', async () => {
    const getpid = { number: 39 };
    const unixSocket = { number: 41, arguments: [1, streamSocket] };
    const [pid, socket] = await answers([getpid, unixSocket]);
    expect(pid).toBeGreaterThan(1);
    expect(socket).toBeGreaterThan(2);
  });

  it('of another calling convention end the program', async () => {
    const getpidOfX32 = { number: 0x40000000 + 39 };
    const { exitCode } = await probe(['/run/cellar/calls'], {
      files: { calls: systemCallProgram([getpidOfX32]) },
    });
    expect(exitCode).toBe(128 + constants.signals.SIGSYS);
  });
});
