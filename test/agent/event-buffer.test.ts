import { describe, expect, it } from 'vitest';
import { EventBuffer, type NewEvent } from '../../src/agent/event-buffer.ts';

const started = (executionId: string): NewEvent => ({ type: 'started', executionId });

const output = (content: string): NewEvent => ({
  type: 'output',
  executionId: 'a',
  channel: 'stdout',
  content,
});

const ended = (executionId: string): NewEvent => ({
  type: 'ended',
  executionId,
  status: 'success',
  truncated: false,
  usage: { cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
  warnings: [],
  variables: { added: [], changed: [], removed: [] },
  stateLost: false,
});

/** A link that notes what is written to it. */
class NotedLink {
  readonly writes: string[] = [];
  takes = true;

  write(lines: string): boolean {
    this.writes.push(lines);
    return this.takes;
  }

  seqs(): number[] {
    return this.writes.flatMap((lines) =>
      lines
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line).seq as number),
    );
  }
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the event buffer', () => {
  it('numbers events from one without gaps and sends those of one turn together', async () => {
    const buffer = new EventBuffer(() => {});
    const link = new NotedLink();
    buffer.attach(link);
    buffer.append(started('a'));
    buffer.append(output('x'));
    await turn();
    expect(link.writes).toHaveLength(1);
    expect(link.seqs()).toEqual([1, 2]);
    buffer.append(ended('a'));
    await turn();
    expect(link.seqs()).toEqual([1, 2, 3]);
  });

  it('sends an event that can wait together with the next one', async () => {
    const buffer = new EventBuffer(() => {});
    const link = new NotedLink();
    buffer.attach(link);
    await turn();
    buffer.append(started('a'), true);
    buffer.append(ended('a'));
    await turn();
    expect(link.writes).toHaveLength(1);
    buffer.append(started('b'), true);
    await expect.poll(() => link.seqs()).toEqual([1, 2, 3]);
  });

  it('sends to a new link all that is not acknowledged, and nothing to the old one', async () => {
    const buffer = new EventBuffer(() => {});
    const first = new NotedLink();
    buffer.attach(first);
    for (const id of ['a', 'b', 'c']) buffer.append(started(id));
    await turn();
    buffer.acknowledge(1);
    const second = new NotedLink();
    buffer.attach(second);
    await turn();
    expect(second.seqs()).toEqual([2, 3]);
    buffer.append(started('d'));
    buffer.drained(first);
    await turn();
    expect(first.seqs()).toEqual([1, 2, 3]);
    expect(second.seqs()).toEqual([2, 3, 4]);
  });

  it('keeps what is appended while no link is up', async () => {
    const buffer = new EventBuffer(() => {});
    const gone = new NotedLink();
    buffer.attach(gone);
    buffer.detach(gone);
    buffer.append(started('a'));
    await turn();
    expect(gone.writes).toEqual([]);
    const link = new NotedLink();
    buffer.attach(link);
    await turn();
    expect(link.seqs()).toEqual([1]);
  });

  it('waits while the link takes no more', async () => {
    const buffer = new EventBuffer(() => {});
    const link = new NotedLink();
    link.takes = false;
    buffer.attach(link);
    for (let i = 0; i < 4; i++) buffer.append(output('x'.repeat(60_000)));
    await turn();
    expect(link.seqs()).toEqual([1, 2]);
    link.takes = true;
    buffer.drained(link);
    expect(link.seqs()).toEqual([1, 2, 3, 4]);
  });

  it('goes on where it is when an acknowledgement overtakes the sending', async () => {
    const buffer = new EventBuffer(() => {});
    for (const id of ['a', 'b', 'c']) buffer.append(started(id));
    const link = new NotedLink();
    buffer.attach(link);
    buffer.acknowledge(2);
    await turn();
    expect(link.seqs()).toEqual([3]);
  });

  it('says when it is full and when there is room again', () => {
    let rooms = 0;
    const buffer = new EventBuffer(() => rooms++, { eventsMax: 2, bytesMax: 1_000_000 });
    buffer.append(started('a'));
    expect(buffer.full).toBe(false);
    buffer.append(started('b'));
    expect(buffer.full).toBe(true);
    buffer.append(ended('a'));
    expect(buffer.lastSeq).toBe(3);
    buffer.acknowledge(1);
    expect(rooms).toBe(0);
    buffer.acknowledge(2);
    expect(rooms).toBe(1);
    buffer.acknowledge(3);
    expect(rooms).toBe(1);
  });

  it('counts bytes as well as events', () => {
    const buffer = new EventBuffer(() => {}, { eventsMax: 100, bytesMax: 1_000 });
    buffer.append(output('€'.repeat(400)));
    expect(buffer.full).toBe(true);
    buffer.acknowledge(1);
    expect(buffer.full).toBe(false);
  });

  it('knows whose end it still keeps', () => {
    const buffer = new EventBuffer(() => {});
    buffer.append(ended('a'));
    buffer.append(ended('b'));
    expect(buffer.endedExecutions()).toEqual(['a', 'b']);
    buffer.acknowledge(1);
    expect(buffer.endedExecutions()).toEqual(['b']);
    buffer.acknowledge(99);
    expect(buffer.endedExecutions()).toEqual([]);
  });
});
