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
  isNestedWithin,
  type Location,
  limits,
  type Variable,
  type VariablesReply,
} from '#protocol';

/** Of the bytes of one message, what values may take; the rest is for everything around them. */
const valueBytesMax = limits.lineBytesMax / 2;
const namesBytesMax = 512 * 1024;
const itemBytesMax = limits.bodyBytesMax - 64 * 1024;
const nodeBytesMax = limits.bodyBytesMax - 64 * 1024;
const warningLengthMax = 1024;

/** Counts down the bytes that one message has left. */
export class MessageBudget {
  #left: number;

  constructor(bytes: number = valueBytesMax) {
    this.#left = bytes;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes what `part` needs as JSON. False: it does not fit, or nests too deep, and nothing was taken. */
  take(part: unknown): boolean {
    if (!isNestedWithin(part, limits.nestingDepthMax - 8)) return false;
    const bytes = Buffer.byteLength(JSON.stringify(part));
    if (bytes > this.#left) return false;
    this.#left -= bytes;
    return true;
  }
}

/** A value without its JSON form where that is too large. */
export function describedValue(report: ValueReport, budget: MessageBudget): DescribedValue {
  const { type, preview, value } = report;
  const described = { type: name(type), preview: text(preview) };
  return value === undefined || !budget.take(value) ? described : { ...described, value };
}

export function describedOutcome({ status, result, error, warnings, variables }: Outcome) {
  const budget = new MessageBudget(namesBytesMax);
  const changed = (names: readonly string[]) =>
    names
      .filter(isName)
      .slice(0, limits.changedNamesMax)
      .filter((one) => budget.take(one));
  return {
    status,
    ...(result === undefined ? {} : { result: describedValue(result, new MessageBudget()) }),
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

/** Names come before values: where there are many variables, some go without their value. */
export function describedVariables(reports: readonly VariableReport[]): VariablesReply {
  const values = new MessageBudget();
  const budget = new MessageBudget(itemBytesMax);
  const items: Variable[] = [];
  for (const { name: itsName, type, value, preview, size, kind, mutable } of reports) {
    if (!isName(itsName)) continue;
    const item = { name: itsName, type: name(type), preview: text(preview), size, kind, mutable };
    const full = value === undefined || !values.take(value) ? item : { ...item, value };
    if (items.length === limits.variablesMax || !budget.take(full)) break;
    items.push(full);
  }
  return { items, truncated: items.length < reports.length };
}

/** Null when the tree is too large for a message. */
export function describedNode(node: LanguageNode): InspectedNode | null {
  const described = boundedNode(node);
  return new MessageBudget(nodeBytesMax).take(described) ? described : null;
}

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
  hint,
  location,
  preview,
  stack,
  incomplete,
}: NonNullable<Outcome['error']>): ErrorReport {
  return {
    type: name(type),
    message: text(message),
    ...(hint === undefined ? {} : { hint: text(hint) }),
    ...(location === undefined ? {} : { location: place(location) }),
    ...(preview === undefined ? {} : { preview: text(preview) }),
    ...(stack === undefined
      ? {}
      : {
          stack: stack
            .slice(0, limits.stackFramesMax)
            .map((frame) => ({ function: name(frame.function), ...place(frame) })),
        }),
    ...(incomplete === undefined ? {} : { incomplete }),
  };
}

function place({ line, column, file }: Location): Location {
  return { line, column, ...(file === undefined ? {} : { file: name(file) }) };
}

const isName = (value: string) => value !== '' && value.length <= limits.nameLengthMax;
const name = (value: string) => value.slice(0, limits.nameLengthMax) || '<anonymous>';
const text = (value: string) => value.slice(0, limits.textLengthMax);
