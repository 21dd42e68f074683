// Says what becomes of system calls in a sandbox: `npm run seccomp -- ptrace socket`. Without names it lists what is allowed.
import { constants } from 'node:os';
import { loadSeccompProfile } from '../src/orchestrator/sandbox/seccomp-profile.ts';

type ProfileRule = {
  readonly comment: string;
  readonly names: readonly string[];
  readonly action: string;
  readonly errnoRet?: number;
  readonly args?: readonly { index: number; value: number; valueTwo: number; op: string }[];
};

export type SeccompRule = {
  readonly names: readonly string[];
  readonly why: string;
  /** Empty for none. */
  readonly condition: string;
  /** `allowed`, or `refused: ENOSYS`. */
  readonly outcome: string;
};

/** The rules of the profile in words, in its order. */
export function seccompRules(): SeccompRule[] {
  const { syscalls } = JSON.parse(loadSeccompProfile()) as { syscalls: ProfileRule[] };
  return syscalls.map(({ comment, names, action, errnoRet, args = [] }) => ({
    names,
    why: comment,
    condition: args
      .map(({ index, value, valueTwo, op }) => {
        const left = `argument ${index + 1}`;
        if (op === 'SCMP_CMP_MASKED_EQ')
          return `Only where ${left} & 0x${value.toString(16)} is 0x${valueTwo.toString(16)}.`;
        const compared = op === 'SCMP_CMP_EQ' ? 'is' : 'is not';
        return `Only where ${left} ${compared} 0x${value.toString(16)}.`;
      })
      .join(' '),
    outcome: action === 'SCMP_ACT_ALLOW' ? 'allowed' : `refused: ${errorName(errnoRet ?? 0)}`,
  }));
}

/** What becomes of one call, a line for each rule about it. */
export function outcomesOf(name: string): string[] {
  const rules = seccompRules().filter(({ names }) => names.includes(name));
  if (rules.length === 0) return ['refused: EPERM'];
  return rules.map(({ outcome, condition, why }) =>
    [outcome, condition, why].filter((part) => part !== '').join(' – '),
  );
}

function errorName(number: number): string {
  const found = Object.entries(constants.errno).find(([, value]) => value === number);
  return found?.[0] ?? String(number);
}

if (import.meta.main) {
  const asked = process.argv.slice(2);
  const names =
    asked.length > 0 ? asked : [...new Set(seccompRules().flatMap((rule) => rule.names))];
  for (const name of names) for (const line of outcomesOf(name)) console.log(`${name}: ${line}`);
}
