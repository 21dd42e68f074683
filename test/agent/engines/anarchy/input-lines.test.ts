import { describe, expect, it } from 'vitest';
import { InputLines } from '../../../../src/agent/engines/anarchy/input-lines.ts';

describe('input lines', () => {
  it('are cut at line ends of either kind', () => {
    const lines = new InputLines('one\r\ntwo\n\nfour', false);
    expect([lines.next(), lines.next(), lines.next(), lines.next(), lines.next()]).toEqual([
      'one',
      'two',
      '',
      'four',
      null,
    ]);
  });

  it('are put together from what is typed in parts', () => {
    const lines = new InputLines('', true);
    lines.add('he');
    expect(lines.next()).toBe(null);
    lines.add('llo\nwor');
    expect(lines.next()).toBe('hello');
    lines.add('ld\n');
    expect(lines.next()).toBe('world');
  });

  it('take given text as complete before what is typed', () => {
    const lines = new InputLines('given', true);
    lines.add('typed\n');
    expect([lines.next(), lines.next()]).toEqual(['given', 'typed']);
  });

  it('do not grow without end', () => {
    const lines = new InputLines('', true);
    for (let i = 0; i < 100; i++) lines.add('x'.repeat(1024 * 1024));
    lines.add('\n');
    expect(lines.next()!.length).toBe(4 * 1024 * 1024);
  });
});
