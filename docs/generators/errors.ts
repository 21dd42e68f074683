// docs/reference/errors.md: every code that a client can meet.
import { archiveFaultNames, archiveFaults } from '#protocol';
import { errorTable } from '../../src/orchestrator/foundation/errors.ts';
import { failureErrors } from '../../src/orchestrator/sandbox/failure-errors.ts';
import { generatedNote, table } from './table.ts';

export function errorReference(): string {
  const rows = Object.entries(errorTable)
    .toSorted(
      ([code, { status }], [otherCode, other]) =>
        status - other.status || (code < otherCode ? -1 : 1),
    )
    .map(([code, { status, retry, title }]) => [
      `<a id="${code}"></a>\`${code}\``,
      String(status),
      retry ? 'yes' : 'no',
      title,
    ]);
  const reasons = archiveFaultNames.map((fault) => {
    const { code, meaning } = archiveFaults[fault];
    return [`\`${fault}\``, `\`${failureErrors[code]}\``, meaning];
  });
  return `${generatedNote}
# Errors

A request that fails is answered with \`application/problem+json\` (RFC 9457): \`type\`, \`title\`, \`status\`, \`detail\`, \`code\` and
\`requestId\`, and \`fields\` with the offending fields of a request that is not valid. \`code\` is stable: programs should look
at it and at nothing else. Over the live connection the same codes come in \`error\` messages.

Where *again* says yes, the same request may succeed later; \`Retry-After\` says after how many seconds.

${table(['Code', 'Status', 'Again', 'Meaning'], rows)}
## Reasons

Where an archive of a state is refused, \`reason\` names what is wrong with it, and \`detail\` says it.

${table(['Reason', 'Code', 'Meaning'], reasons)}`;
}
