// The ports of the orchestrator with a fault point before and after each call that changes something.
import type { Decorators } from '../../../src/orchestrator/assemble.ts';
import type { FaultCall, FaultPoints } from './fault-points.ts';

/** They return at once and change nothing outside. */
const plain = new Set(['plan', 'release', 'of', 'knownExecutions']);
/** They send something and return at once. */
const commands = new Set(['execute', 'cancel', 'stdin', 'acknowledge']);
/** They return bytes, piece by piece. */
const streams = new Set(['snapshot', 'open']);
/** They change nothing, so that a kill there is one at the change before. */
const reading =
  /^(find|list|all|count|sandboxes|sessionsToRecover|open[A-Z]|output|historySize|eventsSince|events$|sandboxOwners|readFact|info|usage|variables|inspect|verify|tenants|check|close)/;

type Member = (...parameters: unknown[]) => unknown;

type Hooks = {
  /** Called by the caller of the method, before anything else. */
  readonly entering?: (method: string, parameters: readonly unknown[]) => void;
  /** Puts something around what a method gives. */
  readonly given?: (method: string, result: unknown) => unknown;
};

/** Stands between the service and each of its ports. */
export function faultyPorts(points: FaultPoints): Decorators {
  return {
    registry: (registry) =>
      withFaults(points, 'registry', registry, {
        entering: (method, parameters) => enterSession(points, method, parameters),
        given: (method, result) => {
          if (method === 'sessionsToRecover')
            for (const record of result as Named[]) learnName(points, record);
          return result;
        },
      }),
    runtime: (runtime) => withFaults(points, 'runtime', runtime),
    source: (source) =>
      withFaults(points, 'source', source, {
        given: (method, sandbox) =>
          sandbox !== null && (method === 'start' || method === 'adopt')
            ? withFaults(points, 'sandbox', sandbox as object)
            : sandbox,
      }),
    store: (store) =>
      withFaults(points, 'store', store, {
        given: (method, result) =>
          method === 'of' ? withFaults(points, 'store', result as object) : result,
      }),
    sessions: (sessions) => inScope(points, sessions),
    states: (states) => inScope(points, states),
  };
}

type Named = { readonly sessionId: string; readonly name: string | null };

function learnName(points: FaultPoints, { sessionId, name }: Named): void {
  if (name !== null) points.rename(sessionId, name);
}

/** Some calls tell whose work it is that their caller does. */
function enterSession(points: FaultPoints, method: string, parameters: readonly unknown[]): void {
  switch (method) {
    case 'createSession':
      learnName(points, parameters[0] as Named);
      break;
    case 'openExecutions':
    case 'listSnapshots':
    case 'deleteSession':
      points.enter(String(parameters[0]));
      break;
    case 'claimIdempotencyKey':
    case 'storeIdempotentReply':
      points.enter(labelOfKey(String(parameters[1])));
  }
}

/** Keys in tests are `<label>.<number>`. */
function labelOfKey(key: string): string {
  return key.split('.')[0]!;
}

/** What the API asks is done for the session that it names, or that it gives a name to. */
function inScope<Service extends object>(points: FaultPoints, service: Service): Service {
  return proxied(service, (method, member) => (...parameters) => {
    const [, idOrName, , label] = parameters;
    const created = (idOrName as { name?: string } | undefined)?.name;
    const whose = method === 'import' ? label : (created ?? idOrName);
    if (typeof whose !== 'string') return member(...parameters);
    return points.within(whose, () => member(...parameters));
  });
}

function withFaults<Port extends object>(
  points: FaultPoints,
  name: string,
  port: Port,
  { entering = () => {}, given = (_method, result) => result }: Hooks = {},
): Port {
  return proxied(
    port,
    (method, member) =>
      (...parameters) => {
        entering(method, parameters);
        if (plain.has(method)) return given(method, member(...parameters));
        const begin = () => points.begin(`${name}.${method}`);
        if (commands.has(method)) return command(begin(), () => member(...parameters));
        if (streams.has(method))
          return stream(begin, () => member(...parameters) as AsyncIterable<unknown>);
        if (reading.test(method)) {
          const result = member(...parameters);
          return result instanceof Promise
            ? result.then((value) => given(method, value))
            : given(method, result);
        }
        return begin().around(async () => given(method, await member(...parameters)));
      },
    (property, value) =>
      property === 'agent' ? withFaults(points, 'agent', value as object) : value,
  );
}

function command(point: FaultCall, work: () => unknown): void {
  if (point.stops('before')) return;
  work();
  point.stops('after');
}

async function* stream(
  begin: () => FaultCall,
  open: () => AsyncIterable<unknown>,
): AsyncGenerator<unknown> {
  const point = begin();
  await point.pass('before');
  let isFirst = true;
  let isWhole = false;
  try {
    for await (const piece of open()) {
      yield piece;
      if (isFirst) await point.pass('midway');
      isFirst = false;
    }
    isWhole = true;
  } finally {
    if (!isWhole) point.abandon();
  }
  await point.pass('after');
}

/** A port whose methods are others, by their names; what is no method is passed through `field`. */
function proxied<Port extends object>(
  port: Port,
  method: (name: string, member: Member) => Member,
  field = (_property: PropertyKey, value: unknown): unknown => value,
): Port {
  const members = new Map<PropertyKey, unknown>();
  return new Proxy(port, {
    get(target, property) {
      if (members.has(property)) return members.get(property);
      const value: unknown = Reflect.get(target, property, target);
      const name = property === Symbol.asyncDispose ? 'dispose' : String(property);
      const member =
        typeof value === 'function'
          ? method(name, (...parameters) => Reflect.apply(value, target, parameters))
          : field(property, value);
      // Getters may give something else the next time, but for the parts that never change.
      if (typeof value === 'function' || property === 'agent') members.set(property, member);
      return member;
    },
  });
}
