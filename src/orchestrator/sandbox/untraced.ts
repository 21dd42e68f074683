// A source whose starts are part of no request, whoever caused them: what is started in reserve is nobody's yet.
import type { Tracer } from '../foundation/trace.ts';
import type { SandboxSource } from './sandbox-source.ts';

type Starting = Pick<SandboxSource, 'plan' | 'release' | 'start'>;

export function untraced(source: Starting, tracer: Tracer): Starting {
  return {
    plan: (limits, options) => source.plan(limits, options),
    release: (record) => source.release(record),
    start: (record, limits, signal) =>
      tracer.within(null, () => source.start(record, limits, signal)),
  };
}
