// Runs programs in a session of their own and hands back what came of them.
import { createInterpreter, type ErrorReport, type Interpreter, type Outcome } from '#language';
import { RecordingHost } from '../doubles/recording-host.ts';

export type ProgramSession = {
  readonly host: RecordingHost;
  readonly interpreter: Interpreter;
  /** Runs one unit whatever comes of it. */
  run(code: string): Outcome;
  /** The JSON form of a unit's result; throws if the unit failed. */
  value(code: string): unknown;
  /** A unit's error; throws if it succeeded. */
  error(code: string): ErrorReport;
};

export function newSession(host = new RecordingHost()): ProgramSession {
  const interpreter = createInterpreter(host);
  const run = (code: string): Outcome => interpreter.execute(code);
  return {
    host,
    interpreter,
    run,
    value: (code) => {
      const outcome = run(code);
      if (outcome.result === undefined) throw new Error(JSON.stringify(outcome.error));
      return 'value' in outcome.result ? outcome.result.value : outcome.result.preview;
    },
    error: (code) => {
      const { error } = run(code);
      if (error === undefined) throw new Error(`no error: ${code}`);
      return error;
    },
  };
}

/** The result of units run one after another in a new session. */
export function resultOf(...units: string[]): unknown {
  const session = newSession();
  return units.map((unit) => session.value(unit)).at(-1);
}

/** The error of a unit run in a new session. */
export function errorOf(code: string): ErrorReport {
  return newSession().error(code);
}
