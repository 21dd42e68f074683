// The face of the zone. Pure: no node: modules, no clock, no I/O; the world comes in through `Host`.
export { createInterpreter } from './create-interpreter.ts';
export type { Diagnostic } from './diagnostic.ts';
export type { Cryptography, Host, StopReason } from './host.ts';
export type {
  CreateInterpreter,
  ErrorReport,
  ExecuteOptions,
  InspectedNode,
  Interpreter,
  Outcome,
  ValueReport,
  VariableReport,
} from './interpreter.ts';
export { type Parsed, parse } from './parser.ts';
