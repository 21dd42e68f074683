// docs/reference/seccomp.md: the system calls that a sandbox may make, each group with its reason.
import { seccompRules } from '../../scripts/seccomp.ts';
import { generatedNote, table } from './table.ts';

export function seccompReference(): string {
  const rules = seccompRules();
  const rows = (outcome: 'allowed' | 'refused') =>
    rules
      .filter((rule) => rule.outcome.startsWith(outcome))
      .map(({ names, why, condition, outcome: said }) => [
        names.map((name) => `\`${name}\``).join(', '),
        [why, condition, outcome === 'refused' ? `Answer: ${said.replace('refused: ', '')}.` : '']
          .filter((part) => part !== '')
          .join(' '),
      ]);
  return `${generatedNote}
# System calls

What \`sandbox-image/seccomp.json\` says, which goes along with every container. A call that is in neither table is refused with
EPERM; one of another architecture (32-bit, x32) ends the process. \`npm run seccomp -- ptrace socket\` says it for the calls that
are named.

## Allowed

${table(['Calls', 'Why, and on which condition'], rows('allowed'))}
## Refused with another answer

${table(['Calls', 'Why'], rows('refused'))}`;
}
