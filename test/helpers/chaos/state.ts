// What a session of the chaos test holds: a list that every program adds its key to, a file that programs write, and one that
// clients write. Each program answers with all of it.

export type State = {
  /** Keys of the programs that have run, in their order. */
  readonly ran: string;
  /** What the last program wrote to its file. */
  readonly own: string | null;
  /** What was written over the API. */
  readonly put: string | null;
};

export type States = readonly State[];

export const emptyState: State = { ran: '', own: null, put: null };
export const putPath = 'put.txt';
const linesPerProgram = 8;

const all =
  '[try_call(() => ran.join(" "), e => ""), try_call(() => read("own.txt"), e => null), try_call(() => read("put.txt"), e => null)]';

/** Tells the state, and leaves it as it is. */
export const readingProgram = all;

/** Prints, changes the state, and tells it. */
export function program(key: string, sleepMs: number): string {
  return `print("begin ${key}"); ran = try_call(() => ran, e => []); ran.push("${key}"); sleep(${sleepMs}); write("own.txt", "${key}"); for (i = 0; i < ${linesPerProgram}; i++) { print("${key} line " + i) } ${all}`;
}

/** The key of a program, from its code. */
export function keyOf(code: string): string | undefined {
  return /ran\.push\("([^"]+)"\)/.exec(code)?.[1];
}

/** What a program prints when it comes to its end. */
export function outputOf(key: string): string {
  const lines = Array.from({ length: linesPerProgram }, (_, line) => `${key} line ${line}\n`);
  return `begin ${key}\n${lines.join('')}`;
}

export function stateOf(value: unknown): State {
  const [ran, own, put] = value as [string, string | null, string | null];
  return { ran, own, put };
}

export function afterProgram(state: State, key: string): State {
  return { ...state, ran: state.ran === '' ? key : `${state.ran} ${key}`, own: key };
}

export function afterPut(state: State, put: string): State {
  return { ...state, put };
}

/** Variables are forgotten, files stay. */
export function afterRestart(state: State): State {
  return { ...state, ran: '' };
}

/** Each state once. */
export function union(...sets: readonly States[]): States {
  const byText = new Map(sets.flat().map((state) => [textOf(state), state]));
  return [...byText.values()];
}

export function includes(states: States, state: State): boolean {
  return states.some((one) => textOf(one) === textOf(state));
}

export function shown(states: States): string {
  return states.map(textOf).join(' or ');
}

function textOf({ ran, own, put }: State): string {
  return JSON.stringify({ ran, own, put });
}
