// What came of a program, as one line of text: for tables of programs and what they do.
import { newSession } from './run-program.ts';

/**
 * Runs units in a new session; of the last one: its output, lines joined by `|`, then its result or `Type: message @line:column`,
 * then its warnings.
 */
export function outcomeText(units: readonly string[]): string {
  const session = newSession();
  let text = '';
  for (const unit of units) {
    session.host.written.length = 0;
    const { error, result, warnings } = session.run(unit);
    const parts: string[] = [];
    const { output } = session.host;
    if (output !== '') parts.push(`${output.trimEnd().replaceAll('\n', '|')} ->`);
    if (error === undefined) parts.push(result?.preview ?? '');
    else {
      const place = `@${error.location?.line}:${error.location?.column}`;
      parts.push(
        `${error.type}: ${error.message} ${place}${error.incomplete ? ' incomplete' : ''}`,
      );
    }
    parts.push(...warnings.map(({ message }) => `warns: ${message}`));
    text = parts.join(' ');
  }
  return text;
}
