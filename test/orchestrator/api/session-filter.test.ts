import { describe, expect, it } from 'vitest';
import { parseSessionFilter } from '../../../src/orchestrator/api/session-filter.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';

describe('the filter of the session list', () => {
  it.each([
    ['', {}],
    ['   ', {}],
    ['state:idle', { state: 'idle' }],
    ['state:idle name:demo*', { state: 'idle', name: 'demo*' }],
    ['  language:anarchy   name:"a b" ', { language: 'anarchy', name: 'a b' }],
    ['label.team:blue label.a.b:c', { labels: { team: 'blue', 'a.b': 'c' } }],
    ['label.x:""', { labels: { x: '' } }],
    ['label.constructor:x', { labels: { constructor: 'x' } }],
  ])('reads %j', (text, filter) => {
    expect(parseSessionFilter(text)).toEqual(filter);
  });

  it.each([
    ['demo', 'at character 1'],
    ['name:', 'at character 1'],
    ['name:a state', 'at character 8'],
    ['name:a name:b', 'at character 8'],
    ['label.x:1 label.x:2', 'at character 11'],
    ['color:red', 'at character 1'],
    ['name.x:1', 'at character 1'],
    ['label:x', 'at character 1'],
    ['state:sleepy', 'creating, idle'],
    ['name:"open', 'at character 1'],
    ['name:a"b', 'at character 1'],
    ['name:"a"b', 'at character 1'],
  ])('refuses %j and says where', (text, message) => {
    expect(refusalOf(text)).toContain(message);
  });

  it('reads a long text in one pass', () => {
    expect(refusalOf(`name:"${'a '.repeat(500)}`)).toContain('at character 1');
    expect(refusalOf(`${'label.'.repeat(170)}x`)).toContain('at character 1');
  });

  it('gives a label named like a prototype no power', () => {
    const { labels } = parseSessionFilter('label.__proto__:x');
    expect(Object.keys(labels!)).toEqual(['__proto__']);
    expect(({} as { x?: string }).x).toBeUndefined();
  });
});

function refusalOf(text: string): string {
  try {
    parseSessionFilter(text);
  } catch (error) {
    if (error instanceof AppError) return error.fields![0]!.message;
  }
  throw new Error('it was not refused');
}
