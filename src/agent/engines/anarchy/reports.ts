// What the language reports, cut to what the protocol carries: a program chooses its names, messages and values, and none of
// them may make a message that the other side has to refuse.
import type {
  InspectedNode as LanguageNode,
  Outcome,
  ValueReport,
  VariableReport,
} from '#language';
import {
  type DescribedValue,
  type ErrorReport,
  type InspectedNode,
  limits,
  type Variable,
} from '#protocol';

/** UTF-16 units of text in all values of one message. Each takes up to six bytes in JSON, and a line is bounded. */
const valueLengthMax = 512 * 1024;
/** What one part of a value takes beside its text, in the same units. */
const partLength = 8;

/** Counts down the text that the values of one message may hold. */
export class ValueBudget {
  #left: number;

  constructor(length: number = valueLengthMax) {
    this.#left = length;
  }

  /** Takes a value's size from the budget. False: it does not fit, and nothing was taken. */
  take(value: unknown): boolean {
    const left = spend(value, this.#left, limits.nestingDepthMax - 8);
    if (left < 0) return false;
    this.#left = left;
    return true;
  }

  get left(): number {
    return this.#left;
  }
}

/** A value without its JSON form where that is too large. */
export function describedValue(report: ValueReport, budget: ValueBudget): DescribedValue {
  const { type, preview, value } = report;
  const described = { type: name(type), preview: text(preview) };
  return value === undefined || !budget.take(value) ? described : { ...described, value };
}

export function describedOutcome({ status, result, error, warnings, variables }: Outcome) {
  const changed = (names: readonly string[]) =>
    names.filter(isName).slice(0, limits.changedNamesMax);
  return {
    status,
    ...(result === undefined ? {} : { result: describedValue(result, new ValueBudget()) }),
    ...(error === undefined ? {} : { error: describedError(error) }),
    warnings: warnings.slice(0, limits.warningsMax).map(({ message, location }) => ({
      message: message.slice(0, warningLengthMax),
      ...(location === undefined ? {} : { location }),
    })),
    variables: {
      added: changed(variables.added),
      changed: changed(variables.changed),
      removed: changed(variables.removed),
    },
  };
}

export function describedVariables(reports: readonly VariableReport[]) {
  const named = reports.filter((report) => isName(report.name));
  const budget = new ValueBudget();
  const items: Variable[] = [];
  for (const { name: itsName, type, value, preview, size, kind, mutable } of named) {
    if (items.length === limits.variablesMax || !budget.take([itsName, preview])) break;
    items.push({
      name: itsName,
      type: name(type),
      ...(value === undefined || !budget.take(value) ? {} : { value }),
      preview: text(preview),
      size,
      kind,
      mutable,
    });
  }
  return { items, truncated: items.length < reports.length };
}

/** Null when even this depth is too large for a message. */
export function describedNode(node: LanguageNode): InspectedNode | null {
  return new ValueBudget().take(node) ? boundedNode(node) : null;
}

const warningLengthMax = 1024;

function boundedNode(node: LanguageNode): InspectedNode {
  const { type, preview, size, reference, children, truncated } = node;
  return {
    type: name(type),
    preview: text(preview),
    size,
    ...(reference === undefined ? {} : { reference: text(reference) }),
    ...(children === undefined
      ? {}
      : {
          children: children.map(({ key, node: child }) => ({
            key: typeof key === 'string' ? text(key) : key,
            node: boundedNode(child),
          })),
        }),
    ...(truncated === undefined ? {} : { truncated }),
  };
}

function describedError({
  type,
  message,
  location,
  stack,
  incomplete,
}: NonNullable<Outcome['error']>): ErrorReport {
  return {
    type: name(type),
    message: text(message),
    ...(location === undefined ? {} : { location }),
    ...(stack === undefined
      ? {}
      : {
          stack: stack
            .slice(0, limits.stackFramesMax)
            .map(({ function: itsName, line, column }) => ({
              function: name(itsName),
              line,
              column,
            })),
        }),
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

const isName = (value: string) => value !== '' && value.length <= limits.nameLengthMax;
const name = (value: string) => value.slice(0, limits.nameLengthMax) || '<anonymous>';
const text = (value: string) => value.slice(0, limits.textLengthMax);

/** What is left of `length` after a JSON value; negative when it does not fit, or nests too deep. */
function spend(value: unknown, length: number, depth: number): number {
  if (typeof value === 'string') return length - value.length - partLength;
  if (typeof value !== 'object' || value === null) return length - partLength;
  if (depth === 0) return -1;
  let left = length - partLength;
  for (const [key, part] of Object.entries(value)) {
    left = spend(part, left - key.length, depth - 1);
    if (left < 0) return left;
  }
  return left;
}
