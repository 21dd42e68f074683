// The face of the zone. Pure: no node: modules, no clock, no I/O; the world comes in through `Host`.
export { createInterpreter } from './create-interpreter.ts';
export type { Diagnostic } from './diagnostic.ts';
export { type FormatOptions, type Formatted, format } from './editor/format.ts';
export type {
  Cryptography,
  FileStatus,
  Files,
  HashAlgorithm,
  Host,
  Meter,
  Network,
  NetworkRequest,
  NetworkResponse,
  StopReason,
} from './host.ts';
export { HostFailure } from './host-failure.ts';
export type {
  CreateInterpreter,
  ErrorReport,
  ExecuteOptions,
  ExecutionProfile,
  ImageFailure,
  ImageLoad,
  InspectedNode,
  Interpreter,
  Outcome,
  Profiling,
  ValueReport,
  VariableReport,
} from './interpreter.ts';
export { type Parsed, parse } from './parser.ts';
export type { PlaceLimits } from './profile/place-table.ts';
export type { ProfileReport } from './profile/profile-report.ts';
export type { RawAllocations, RawNode, RawSamples } from './profile/raw-profile.ts';
export { shownPath } from './shown-path.ts';
