import { setImmediate as nextTurn } from 'node:timers/promises';
import { cachedDataVersionTag } from 'node:v8';
import { expect, it } from 'vitest';
import { collectGarbage } from '../../../../src/agent/engines/anarchy/garbage-collection.ts';

it('leaves nothing that nobody holds, and the code caches of the process valid', async () => {
  const tag = cachedDataVersionTag();
  const reference = new WeakRef({ nobody: 'holds this' });
  // A reference keeps its object until the turn in which it was made is over.
  await nextTurn();
  collectGarbage();
  expect(reference.deref()).toBeUndefined();
  expect(cachedDataVersionTag()).toBe(tag);
});
