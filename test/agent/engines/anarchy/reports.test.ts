import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import type { InspectedNode as LanguageNode, Outcome } from '#language';
import { AgentEvent, InspectedNode, limits, VariablesReply } from '#protocol';
import {
  describedNode,
  describedOutcome,
  describedValue,
  describedVariables,
  MessageBudget,
} from '../../../../src/agent/engines/anarchy/reports.ts';

const eventShape = Compile(AgentEvent);
const long = 'x'.repeat(100_000);
const unchanged = { warnings: [], variables: { added: [], changed: [], removed: [] } };

function asEnd(outcome: Outcome): unknown {
  return {
    seq: 1,
    type: 'ended',
    executionId: 'a',
    truncated: false,
    usage: { cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
    stateLost: false,
    ...describedOutcome(outcome),
  };
}

describe('reports', () => {
  it('carry what is small as it is', () => {
    const outcome: Outcome = {
      status: 'success',
      result: { type: 'number', value: 10, preview: '10' },
      warnings: [],
      variables: { added: ['x'], changed: [], removed: [] },
    };
    expect(describedOutcome(outcome)).toEqual(outcome);
  });

  it('carry hint and preview of an error, and neither where there is none', () => {
    const error = {
      type: 'ReferenceError',
      message: 'prnt is not defined',
      hint: "Did you mean 'print'?",
      location: { line: 1, column: 1 },
      preview: 'prnt(1)\n^',
    };
    const outcome: Outcome = { status: 'error', error, ...unchanged };
    expect(describedOutcome(outcome)).toEqual(outcome);
    const bare: Outcome = { status: 'error', error: { type: 'Error', message: 'm' }, ...unchanged };
    expect(Object.keys(describedOutcome(bare).error ?? {})).toEqual(['type', 'message']);
    expect(eventShape.Check(asEnd(bare))).toBe(true);
  });

  it('fit the protocol whatever names, messages and values a program chose', () => {
    const frames = Array.from({ length: 500 }, () => ({ function: long, line: 1, column: 1 }));
    const end = asEnd({
      status: 'error',
      result: { type: long, value: Array.from({ length: 50 }, () => long), preview: long },
      error: {
        type: long,
        message: long,
        hint: long,
        preview: long,
        stack: [{ function: '', line: 1, column: 1 }, ...frames],
      },
      warnings: Array.from({ length: 500 }, () => ({ message: long })),
      variables: {
        added: [long, ...Array.from({ length: 5000 }, String)],
        changed: [],
        removed: [],
      },
    });
    expect(eventShape.Check(end)).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(end))).toBeLessThan(limits.lineBytesMax);
  });

  it('leave a value out that is too large or too deep, and keep its preview', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 1000; i++) deep = [deep];
    for (const value of [Array.from({ length: 50 }, () => long), deep])
      expect(
        describedValue({ type: 'array', value, preview: '[...]' }, new MessageBudget()),
      ).toEqual({
        type: 'array',
        preview: '[...]',
      });
  });

  it('list variables as long as they fit a message', () => {
    const reports = Array.from({ length: 20_000 }, (_, i) => ({
      name: i === 0 ? long : `name-${i}`,
      type: 'string',
      value: 'v'.repeat(1000),
      preview: 'v'.repeat(200),
      size: 1000,
      kind: 'variable' as const,
      mutable: true,
    }));
    const reply = describedVariables(reports);
    expect(Compile(VariablesReply).Check(reply)).toBe(true);
    expect(reply.truncated).toBe(true);
    expect(reply.items.length).toBeGreaterThan(5000);
    expect(reply.items[0]).toHaveProperty('value');
    expect(Buffer.byteLength(JSON.stringify(reply))).toBeLessThan(limits.bodyBytesMax);
    expect(describedVariables(reports.slice(1, 3))).toMatchObject({ truncated: false });
  });

  it('show a tree that fits, and refuse one that does not', () => {
    const leaf: LanguageNode = { type: 'string', preview: long, size: 1 };
    const tree = (count: number): LanguageNode => ({
      type: 'array',
      preview: '[]',
      size: count,
      children: Array.from({ length: count }, (_, key) => ({ key, node: leaf })),
    });
    expect(Compile(InspectedNode).Check(describedNode(tree(2)))).toBe(true);
    expect(describedNode(tree(1000))).toBe(null);
  });
});
