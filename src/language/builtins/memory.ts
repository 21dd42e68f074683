// The segments of the agent's memory (SPEC 8.3): values with a priority and tags, under a key of one of five segments.
import { raise } from '../runtime/raised.ts';
import {
  type MemoryItem,
  type MemorySegment,
  memorySegments,
  type SessionStore,
} from '../runtime/session-store.ts';
import { ObjectValue } from '../runtime/value.ts';
import { type Given, isMissing, numberArgument, textArgument } from './arguments.ts';
import type { Builtin, BuiltinError } from './builtin.ts';

const normalPriority = 0.5;

export const memory: readonly Builtin[] = [
  {
    name: 'memory.store',
    parameters: ['segment', 'key', 'content', 'priority'],
    summary:
      'Keeps a value in a segment of the memory with a priority from 0 to 1, 0.5 if nothing is said; what the key had before is replaced.',
    example: 'memory.store("working", "n", [1]); memory.retrieve("working", "n") // [1]',
    errors: [
      segmentError('memory.store("mind", "n", 1)'),
      {
        type: 'RangeError',
        when: 'the priority is not between 0 and 1',
        example: 'memory.store("working", "n", 1, 2)',
      },
    ],
    run: (context, segment, key, content, given) => {
      const items = segmentOf(context.store, 'memory.store', 1, segment);
      const name = textArgument('memory.store', 2, key);
      const priority = isMissing(given) ? normalPriority : numberArgument('memory.store', 4, given);
      if (!(priority >= 0 && priority <= 1)) {
        throw raise('RangeError', 'memory.store: the priority must be between 0 and 1');
      }
      items.set(name, { content: content ?? null, priority, tags: new Set() });
      return true;
    },
  },
  {
    name: 'memory.retrieve',
    parameters: ['segment', 'key'],
    summary: 'A value of a segment, null if there is none.',
    example: 'memory.retrieve("long_term", "nothing") // null',
    errors: [segmentError('memory.retrieve("mind", "n")')],
    run: (context, segment, key) =>
      segmentOf(context.store, 'memory.retrieve', 1, segment).get(
        textArgument('memory.retrieve', 2, key),
      )?.content ?? null,
  },
  {
    name: 'memory.forget',
    parameters: ['segment', 'key'],
    summary: 'Removes a value from a segment; says whether it was there.',
    example: 'memory.forget("episodic", "nothing") // false',
    errors: [segmentError('memory.forget("mind", "n")')],
    run: (context, segment, key) =>
      segmentOf(context.store, 'memory.forget', 1, segment).delete(
        textArgument('memory.forget', 2, key),
      ),
  },
  {
    name: 'memory.move',
    parameters: ['from', 'to', 'key'],
    summary:
      'Moves a value with its priority and tags into another segment, where it replaces what has its key; says whether it was there.',
    example:
      'memory.store("working", "n", 1); memory.move("working", "semantic", "n"); memory.retrieve("semantic", "n") // 1',
    errors: [segmentError('memory.move("working", "mind", "n")')],
    run: (context, from, to, key) => {
      const source = segmentOf(context.store, 'memory.move', 1, from);
      const target = segmentOf(context.store, 'memory.move', 2, to);
      return moveItem(source, target, textArgument('memory.move', 3, key));
    },
  },
  {
    name: 'memory.consolidate',
    parameters: ['threshold'],
    summary:
      'Moves what has at least that priority from short_term to long_term, and says how many that were.',
    example: 'memory.store("short_term", "n", 1, 0.9); memory.consolidate(0.8) // 1',
    run: (context, given) => {
      const threshold = numberArgument('memory.consolidate', 1, given);
      const { short_term: source, long_term: target } = context.store.segments;
      let moved = 0;
      for (const [key, { priority }] of source) {
        context.step(1);
        if (priority >= threshold && moveItem(source, target, key)) moved++;
      }
      return moved;
    },
  },
  {
    name: 'memory.tag',
    parameters: ['segment', 'key', 'tag'],
    summary: 'Gives a value of a segment a tag; says whether the value was there.',
    example: 'memory.tag("working", "nothing", "blue") // false',
    errors: [segmentError('memory.tag("mind", "n", "blue")')],
    run: (context, segment, key, tag) => {
      const items = segmentOf(context.store, 'memory.tag', 1, segment);
      const item = items.get(textArgument('memory.tag', 2, key));
      const name = textArgument('memory.tag', 3, tag);
      item?.tags.add(name);
      return item !== undefined;
    },
  },
  {
    name: 'memory.search',
    parameters: ['tag'],
    summary:
      'What has a tag in any segment: an array of objects with segment, key, content, priority and tags.',
    example:
      'memory.store("working", "n", 1); memory.tag("working", "n", "blue"); memory.search("blue").map(found => found.key) // ["n"]',
    run: (context, given) => {
      const tag = textArgument('memory.search', 1, given);
      const found: ObjectValue[] = [];
      for (const segment of memorySegments) {
        for (const [key, item] of context.store.segments[segment]) {
          context.step(1);
          if (!item.tags.has(tag)) continue;
          context.step(item.tags.size);
          context.allocate((found.length + 1) * 8);
          found.push(reportOf(segment, key, item));
        }
      }
      return found;
    },
  },
  {
    name: 'memory.stats',
    parameters: [],
    summary: 'How many values each segment holds, and all of them together as `total`.',
    example:
      'memory.stats() // {"short_term": 0, "working": 0, "long_term": 0, "episodic": 0, "semantic": 0, "total": 0}',
    run: (context) => {
      const stats = new ObjectValue();
      let total = 0;
      for (const segment of memorySegments) {
        const { size } = context.store.segments[segment];
        stats[segment] = size;
        total += size;
      }
      stats.total = total;
      return stats;
    },
  },
];

function segmentError(example: string): BuiltinError {
  return { type: 'RangeError', when: 'there is no segment of that name', example };
}

/** The segment that an argument names. RangeError where there is none of that name. */
function segmentOf(
  { segments }: SessionStore,
  name: string,
  position: number,
  given: Given,
): Map<string, MemoryItem> {
  const wanted = textArgument(name, position, given);
  const segment = memorySegments.find((known) => known === wanted);
  if (segment !== undefined) return segments[segment];
  throw raise('RangeError', `${name}: the segment must be one of ${memorySegments.join(', ')}`);
}

function moveItem(
  source: Map<string, MemoryItem>,
  target: Map<string, MemoryItem>,
  key: string,
): boolean {
  const item = source.get(key);
  if (item === undefined) return false;
  source.delete(key);
  target.set(key, item);
  return true;
}

function reportOf(segment: MemorySegment, key: string, item: MemoryItem): ObjectValue {
  const report = new ObjectValue();
  report.segment = segment;
  report.key = key;
  report.content = item.content;
  report.priority = item.priority;
  report.tags = [...item.tags];
  return report;
}
