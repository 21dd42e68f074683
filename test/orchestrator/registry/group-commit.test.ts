import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GroupCommit } from '../../../src/orchestrator/registry/sqlite/group-commit.ts';

/** Notes what is committed together; refuses a transaction with a negative number in it. */
function committed() {
  const groups: number[][] = [];
  const group = new GroupCommit<number>((changes) => {
    if (changes.some((change) => change < 0)) throw new Error('refused');
    groups.push([...changes]);
  });
  return { groups, group };
}

describe('committing in groups', () => {
  it('joins what comes in one turn, once it has seen several come in one', async () => {
    const { groups, group } = committed();
    await Promise.all([1, 2, 3].map((change) => group.add(change)));
    await nextTurn();
    await Promise.all([4, 5, 6].map((change) => group.add(change)));
    expect(groups).toEqual([[1], [2, 3], [4, 5, 6]]);
  });

  it('lets a change wait for nobody where none came beside the last one', async () => {
    const { groups, group } = committed();
    await Promise.all([1, 2, 3].map((change) => group.add(change)));
    await nextTurn();
    await group.add(4);
    await nextTurn();
    const alone = group.add(5);
    expect(groups.at(-1)).toEqual([5]);
    await alone;
  });

  it('refuses the one that is wrong and commits the others, in their order', async () => {
    const { groups, group } = committed();
    const outcomes = await Promise.allSettled([1, 2, -3, 4].map((change) => group.add(change)));
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    expect(groups.flat()).toEqual([1, 2, 4]);
    await nextTurn();
    await expect(group.add(-5)).rejects.toThrow('refused');
    await group.add(6);
    expect(groups.flat()).toEqual([1, 2, 4, 6]);
  });

  it('commits what waits when it is told to, and not again', async () => {
    const { groups, group } = committed();
    const added = [1, 2, 3].map((change) => group.add(change));
    group.flush();
    expect(groups).toEqual([[1], [2, 3]]);
    await Promise.all(added);
    await nextTurn();
    expect(groups).toEqual([[1], [2, 3]]);
  });
});
