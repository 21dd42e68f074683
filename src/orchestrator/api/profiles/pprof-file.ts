// A profile as pprof reads it: a gzipped message of https://github.com/google/pprof/blob/main/proto/profile.proto.
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import {
  Line,
  Location,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format';
import type { ProfileView } from '../../sessions/execution-profile.ts';
import { callStacks, sourceName } from './call-stacks.ts';

const nanosPerMs = 1_000_000;
const compress = promisify(gzip);

/** Each sample has a count, nanoseconds and bytes, of which a stack of calls has the first two and a function the last. */
export async function pprofFile({ record, stored }: ProfileView): Promise<Buffer> {
  const { functions, lines, garbageCollectionMs, otherMs, intervalMs } = stored.profile;
  const strings = new StringTable();
  const text = (value: string) => strings.dedup(value);
  const places = new Places(text);
  const type = (name: string, unit: string) =>
    new ValueType({ type: text(name), unit: text(unit) });
  const functionIds = functions.map((of) =>
    places.function(shownName(of.name), sourceName(of), of.line),
  );
  const lineIds = lines.map((of) => places.location(functionIds[of.function]!, of.line));
  const sample: Sample[] = [];
  const add = (locationId: number[], count: number, ms: number, bytes: number) => {
    const value = [count, Math.round(ms * nanosPerMs), bytes];
    if (ms > 0 || bytes > 0) sample.push(new Sample({ locationId, value }));
  };
  for (const stack of callStacks(stored.profile)) {
    const innermostFirst = stack.lines.map((line) => lineIds[line]!).reverse();
    add(innermostFirst, stack.samples, stack.selfMs, 0);
  }
  const own = { '(garbage collector)': garbageCollectionMs, '(engine)': otherMs };
  for (const [name, ms] of Object.entries(own))
    add([places.location(places.function(name, '', 0), 0)], Math.round(ms / intervalMs), ms, 0);
  for (const [index, { line, allocatedBytes }] of functions.entries())
    add([places.location(functionIds[index]!, line)], 0, 0, allocatedBytes);
  const startedAt = record.startedAt ?? record.queuedAt;
  const profile = new Profile({
    sampleType: [
      type('samples', 'count'),
      type('time', 'nanoseconds'),
      type('alloc_space', 'bytes'),
    ],
    sample,
    location: places.locations,
    function: places.functions,
    stringTable: strings,
    timeNanos: BigInt(Math.round(startedAt)) * BigInt(nanosPerMs),
    durationNanos: Math.round((record.durationMs ?? 0) * nanosPerMs),
    periodType: type('time', 'nanoseconds'),
    period: Math.round(intervalMs * nanosPerMs),
    defaultSampleType: text('time'),
  });
  return compress(profile.encode());
}

/** pprof takes what is in angle brackets for parameters of a template, and leaves it out. */
function shownName(name: string): string {
  return name.replace(/^<(.*)>$/, '($1)');
}

/** Functions and locations with ids from 1, each location once. */
class Places {
  readonly functions: PprofFunction[] = [];
  readonly locations: Location[] = [];
  readonly #text: (value: string) => number;
  readonly #known = new Map<string, number>();

  constructor(text: (value: string) => number) {
    this.#text = text;
  }

  function(name: string, filename: string, startLine: number): number {
    const id = this.functions.length + 1;
    const [nameId, filenameId] = [this.#text(name), this.#text(filename)];
    this.functions.push(
      new PprofFunction({ id, name: nameId, systemName: nameId, filename: filenameId, startLine }),
    );
    return id;
  }

  location(functionId: number, line: number): number {
    const key = `${functionId} ${line}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const id = this.locations.length + 1;
    this.locations.push(new Location({ id, line: [new Line({ functionId, line })] }));
    this.#known.set(key, id);
    return id;
  }
}
