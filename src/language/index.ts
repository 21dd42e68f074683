// The face of the zone. Pure: no node: modules, no clock, no I/O; the world comes in through `Host`.
export type { Host, StopReason } from './host.ts';
export type {
  ErrorReport,
  ExecuteOptions,
  InspectedNode,
  Interpreter,
  Outcome,
  ValueReport,
  VariableReport,
} from './interpreter.ts';
