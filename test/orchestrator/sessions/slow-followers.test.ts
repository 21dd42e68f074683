// Clients that come back for what they missed, and read it slowly. The registry is the real one.
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type {
  LiveEvent,
  LiveFollower,
} from '../../../src/orchestrator/sessions/session-service.ts';
import { type SessionWorld, sessionWorld } from '../../helpers/session-manager.ts';
import { config } from '../../helpers/session-settings.ts';

const soon = () => AbortSignal.timeout(10_000);
/** Executions in the beginning, of two events or more: several pages of what is replayed. */
const count = 50;

/** Takes a page, and the next one when the test lets it. */
class SlowReader implements LiveFollower {
  readonly events: LiveEvent[] = [];
  asked = 0;
  #answer = Promise.withResolvers<boolean>();

  event(event: LiveEvent): void {
    this.events.push(event);
  }

  room(): Promise<boolean> {
    this.asked++;
    return this.#answer.promise;
  }

  answer(hasRoom: boolean): void {
    this.#answer.resolve(hasRoom);
  }

  close(): void {}

  get seqs(): number[] {
    return this.events.map(({ seq }) => seq);
  }
}

describe('a client that reads slowly what it missed', () => {
  let world: SessionWorld;
  let id: string;
  beforeEach(async () => {
    world = await sessionWorld();
    const { record } = await world.manager.create(
      'default',
      { language: 'anarchy', config },
      soon(),
    );
    id = record.sessionId;
    for (let i = 0; i < count; i++) await execute();
  });
  afterEach(async () => {
    await world.registry.close();
    await rm(world.directory, { recursive: true, force: true });
  });

  async function execute(): Promise<void> {
    const { manager, source } = world;
    const { executionId } = await manager.submit('default', id, { code: '1' });
    source.last.finish(executionId);
    await manager.ended('default', id, executionId, soon());
  }

  function follow(reader: SlowReader) {
    return world.manager.follow('default', id, { connection: true, since: 0 }, reader);
  }

  it('is given a page at a time, while the session goes on, and all of it in the end', async () => {
    const reader = new SlowReader();
    const following = follow(reader);
    await expect.poll(() => reader.asked).toBe(1);
    expect(reader.events.length).toBeLessThan(count);
    // Nobody else waits for it.
    await execute();
    expect(reader.asked).toBe(1);
    reader.answer(true);
    await following;
    await execute();
    const stored = await world.registry.eventsSince(id, 0, 10_000);
    const told = stored.filter(({ type }) => type === 'executionResult').map(({ seq }) => seq);
    expect(told).toHaveLength(count + 2);
    expect(reader.seqs.filter((seq) => told.includes(seq))).toEqual(told);
    expect(reader.seqs).toEqual(reader.seqs.toSorted((a, b) => a - b));
  });

  it('is told of the gap when the history goes that it has not read', async () => {
    const reader = new SlowReader();
    const following = follow(reader);
    await expect.poll(() => reader.asked).toBe(1);
    const before = reader.seqs.at(-1)!;
    await world.manager.clearHistory('default', id);
    await execute();
    reader.answer(true);
    await following;
    const gap = reader.events.find(({ type }) => type === 'gap')!;
    expect(JSON.parse(gap.text)).toMatchObject({ since: before, resumesAfter: gap.seq });
    expect(reader.seqs).toEqual(reader.seqs.toSorted((a, b) => a - b));
    expect(reader.events.at(-1)).toMatchObject({ type: 'executionResult' });
  });

  it('is given no more once it wants no more', async () => {
    const reader = new SlowReader();
    const following = follow(reader);
    await expect.poll(() => reader.asked).toBe(1);
    const { length } = reader.events;
    reader.answer(false);
    (await following).unsubscribe();
    await execute();
    expect(reader.events).toHaveLength(length);
    expect((await world.manager.find('default', id)).connections).toBe(0);
  });
});
