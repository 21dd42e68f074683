import { expect, it } from 'vitest';
import { loadSeccompProfile } from '../../../src/orchestrator/sandbox/seccomp-profile.ts';

type Rule = { names: string[]; action: string; errnoRet?: number; args?: object[] };
type Profile = { defaultAction: string; archMap: { architecture: string }[]; syscalls: Rule[] };

const profile: Profile = JSON.parse(loadSeccompProfile());
const rulesFor = (name: string) => profile.syscalls.filter((rule) => rule.names.includes(name));

it('denies whatever it does not name, on both architectures', () => {
  expect(profile.defaultAction).toBe('SCMP_ACT_ERRNO');
  expect(profile.archMap.map(({ architecture }) => architecture)).toEqual([
    'SCMP_ARCH_X86_64',
    'SCMP_ARCH_AARCH64',
  ]);
});

it.each([
  'add_key bpf delete_module fanotify_init finit_module fsconfig fsmount fsopen init_module',
  'inotify_init inotify_init1 io_setup io_submit io_uring_enter io_uring_register io_uring_setup',
  'ioperm iopl kcmp kexec_load keyctl lookup_dcookie memfd_create memfd_secret mknod mknodat mount',
  'mount_setattr move_mount move_pages mq_open msgget name_to_handle_at open_by_handle_at open_tree',
  'perf_event_open personality pidfd_getfd pidfd_open pivot_root process_madvise process_vm_readv',
  'process_vm_writev ptrace quotactl reboot request_key seccomp semget setdomainname sethostname',
  'setgid setns setuid shmget swapon syslog umount2 unshare userfaultfd vmsplice',
])('does not name any of %s', (names) => {
  for (const name of names.split(' ')) expect(rulesFor(name), name).toEqual([]);
});

it('allows no rule but what allows, or denies with another error', () => {
  for (const { action, errnoRet } of profile.syscalls)
    expect([action, errnoRet !== undefined]).toEqual(
      action === 'SCMP_ACT_ALLOW' ? ['SCMP_ACT_ALLOW', false] : ['SCMP_ACT_ERRNO', true],
    );
});

it('asks for arguments where a call can do more than it should', () => {
  for (const name of ['clone', 'socket', 'socketpair', 'ioctl'])
    for (const rule of rulesFor(name)) expect(rule.args, name).toHaveLength(1);
  expect(rulesFor('clone3')).toMatchObject([{ action: 'SCMP_ACT_ERRNO', errnoRet: 38 }]);
});

it('names each call once, unless its rules differ by argument', () => {
  const plain = profile.syscalls.filter((rule) => rule.args === undefined);
  const names = plain.flatMap((rule) => rule.names);
  expect(names).toHaveLength(new Set(names).size);
});
