// What holds for every source text, as one check.
import { lex } from '../../../src/language/lexer.ts';
import { parse } from '../../../src/language/parser.ts';
import { RecordingHost } from '../../doubles/recording-host.ts';
import { foreignValue } from './foreign-value.ts';
import { formatProblem } from './format-problem.ts';
import { GlobalWatch } from './global-watch.ts';
import { OpenSession } from './open-session.ts';

/** Which promise a source breaks, and how. */
export type Problem = { readonly promise: string; readonly detail: string };

const watch = new GlobalWatch();

/** The first promise that the front end, the formatter or a run of the source breaks; null if all hold. */
export function problemWith(source: string): Problem | null {
  return problemWhenRead(source) ?? problemWhenRun(source);
}

/** The same for parsing and formatting alone. */
export function problemWhenRead(source: string): Problem | null {
  try {
    lex(source);
    parse(source);
    const detail = formatProblem(source);
    return detail === null ? null : { promise: `formatting, ${detail}`, detail };
  } catch (failure) {
    return thrown('front end', failure);
  }
}

/** The same for running alone, twice in one session. */
export function problemWhenRun(source: string): Problem | null {
  const host = new RecordingHost({ lines: ['line', '12', ''] });
  host.valueBytesMax = 2 ** 20;
  host.stopAtPoll = 4;
  const session = new OpenSession(host);
  try {
    for (let i = 0; i < 2; i++) {
      host.polls = 0;
      session.run(source);
    }
    const foreign = foreignValue(session.roots());
    if (foreign !== null) return { promise: 'isolation', detail: foreign };
  } catch (failure) {
    return thrown('run', failure);
  }
  const changed = watch.changed();
  return changed === null ? null : { promise: 'tripwire', detail: changed };
}

function thrown(promise: string, failure: unknown): Problem {
  const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
  return { promise: `${promise} throws`, detail: text.slice(0, detailLengthMax) };
}

const detailLengthMax = 1200;
