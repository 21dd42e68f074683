// Reads the `filter=` expression of the session list: terms such as `state:idle name:demo* label.team:"blue whale"`.
import { AppError } from '../foundation/errors.ts';
import { type SessionState, sessionStates } from '../registry/records.ts';
import type { SessionFilter } from '../registry/session-registry.ts';

/** Throws AppError `invalid_request` with the place of the first term that is wrong. */
export function parseSessionFilter(expression: string): SessionFilter {
  const filter: { -readonly [Key in keyof SessionFilter]: SessionFilter[Key] } = {};
  const labels = new Map<string, string>();
  const term = /([A-Za-z]+)(?:\.([^\s:"]{1,63}))?:(?:"([^"]*)"|([^\s"]+))(?=\s|$)/y;
  const blanks = /\s*/y;
  let at = 0;
  for (;;) {
    blanks.lastIndex = at;
    blanks.test(expression);
    at = blanks.lastIndex;
    if (at === expression.length) break;
    term.lastIndex = at;
    const match = term.exec(expression);
    if (!match) refuse(at, 'expected a term such as name:demo*');
    const [, key, label, quoted, plain] = match;
    const value = quoted ?? plain ?? '';
    if (key === 'label' && label !== undefined) {
      if (labels.has(label)) refuse(at, `label.${label} is given twice`);
      labels.set(label, value);
    } else if (label === undefined && (key === 'name' || key === 'language' || key === 'state')) {
      if (filter[key] !== undefined) refuse(at, `${key} is given twice`);
      if (key === 'state') filter.state = stateOf(value, at);
      else filter[key] = value;
    } else {
      refuse(at, 'a term begins with name, state, language or label.<label>');
    }
    at = term.lastIndex;
  }
  // A map made from entries: a label called like a part of a prototype is a label like others.
  return labels.size === 0 ? filter : { ...filter, labels: Object.fromEntries(labels) };
}

function stateOf(value: string, at: number): SessionState {
  const state = sessionStates.find((known) => known === value);
  return state ?? refuse(at, `state must be one of: ${sessionStates.join(', ')}`);
}

function refuse(at: number, message: string): never {
  throw new AppError('invalid_request', {
    detail: 'The filter is not valid.',
    fields: [{ field: '?filter', message: `at character ${at + 1}: ${message}` }],
  });
}
