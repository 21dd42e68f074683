import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import {
  AgentEvent,
  Command,
  ConfigureRequest,
  Failure,
  failureCodes,
  HelloReply,
  InspectedNode,
  InspectRequest,
  limits,
  protocolVersion,
  VariablesReply,
} from '../../src/protocol/index.ts';

const execute = {
  type: 'execute',
  executionId: 'exec-1',
  code: 'print(1);',
  timeoutMs: 5000,
  captureOutput: true,
  intermediateResults: false,
  interactive: false,
};
const output = { seq: 1, type: 'output', executionId: 'exec-1', channel: 'stdout', content: 'x' };
const ended = {
  seq: 2,
  type: 'ended',
  executionId: 'exec-1',
  status: 'success',
  result: { type: 'number', value: 10, preview: '10' },
  truncated: false,
  usage: { cpuMs: 1.5, memoryPeakBytes: 10, outputBytes: 1 },
  warnings: [],
  variables: { added: ['x'], changed: [], removed: [] },
  stateLost: false,
};
const hello = {
  protocolVersion,
  token: 't',
  agentVersion: '1',
  languages: ['anarchy'],
  sessionId: null,
  lastSeq: 0,
  executions: [],
};
const configure = {
  sessionId: 'ses-1',
  language: 'anarchy',
  environment: { KEY: 'value' },
  outputBytesMax: 1,
  heapBytesMax: 1,
};
const leaf = { type: 'number', preview: '1', size: 1 };
const tree = { type: 'array', preview: '[1]', size: 1, children: [{ key: 0, node: leaf }] };

const long = (length: number) => 'x'.repeat(length);

describe('messages on the link', () => {
  const good: [string, TSchema, unknown][] = [
    ['an execute command', Command, execute],
    ['one with the longest code', Command, { ...execute, code: long(limits.codeLengthMax) }],
    ['a cancel command', Command, { type: 'cancel', executionId: 'exec-1' }],
    ['a stdin command', Command, { type: 'stdin', executionId: 'exec-1', content: '' }],
    ['an acknowledgement', Command, { type: 'acknowledge', seq: 0 }],
    ['an output event', AgentEvent, output],
    ['an end', AgentEvent, ended],
    ['an end without a result', AgentEvent, { ...ended, result: undefined, status: 'timeout' }],
    ['a hello', HelloReply, hello],
    ['a configuration', ConfigureRequest, configure],
    ['an inspected tree', InspectedNode, tree],
    ['an inspect request', InspectRequest, { variable: 'x', path: ['a', 0], depth: 2 }],
    ['a failure', Failure, { code: failureCodes[0], message: '' }],
  ];
  it.each(good)('pass: %s', (_, schema, message) => {
    expect(Compile(schema).Check(JSON.parse(JSON.stringify(message)))).toBe(true);
  });

  const bad: [string, TSchema, unknown][] = [
    ['an unknown type', Command, { type: 'shutdown' }],
    ['a field too many', Command, { ...execute, privileged: true }],
    ['code over the limit', Command, { ...execute, code: long(limits.codeLengthMax + 1) }],
    ['an id over the limit', Command, { ...execute, executionId: long(limits.nameLengthMax + 1) }],
    ['an empty id', Command, { ...execute, executionId: '' }],
    ['a timeout of nothing', Command, { ...execute, timeoutMs: 0 }],
    ['a timeout without end', Command, { ...execute, timeoutMs: limits.executionMsMax + 1 }],
    ['a fraction as a number', AgentEvent, { ...output, seq: 1.5 }],
    ['a number below zero', AgentEvent, { ...output, seq: -1 }],
    ['a number past the safe ones', AgentEvent, { ...output, seq: 2 ** 53 }],
    ['a channel of its own', AgentEvent, { ...output, channel: 'log' }],
    ['too much output', AgentEvent, { ...output, content: long(limits.outputChunkLengthMax + 1) }],
    ['the orchestrator’s own status', AgentEvent, { ...ended, status: 'lost' }],
    ['cpu time below zero', AgentEvent, { ...ended, usage: { ...ended.usage, cpuMs: -1 } }],
    [
      'too many warnings',
      AgentEvent,
      { ...ended, warnings: Array(limits.warningsMax + 1).fill({ message: '' }) },
    ],
    [
      'too many names',
      AgentEvent,
      {
        ...ended,
        variables: { ...ended.variables, added: Array(limits.changedNamesMax + 1).fill('x') },
      },
    ],
    [
      'an error’s stack too deep',
      AgentEvent,
      {
        ...ended,
        error: {
          type: 'E',
          message: '',
          stack: Array(limits.stackFramesMax + 1).fill({ function: 'f', line: 1, column: 1 }),
        },
      },
    ],
    ['a hello without a token', HelloReply, { ...hello, token: '' }],
    ['a tree with a bad leaf', InspectedNode, { ...tree, children: [{ key: 0, node: {} }] }],
    [
      'a depth over the limit',
      InspectRequest,
      { variable: 'x', path: [], depth: limits.valueDepthMax + 1 },
    ],
    [
      'a list that is too long',
      VariablesReply,
      { items: Array(limits.variablesMax + 1).fill(null), truncated: false },
    ],
    ['a failure code of its own', Failure, { code: 'oops', message: '' }],
    ['nothing', AgentEvent, null],
    ['a list', AgentEvent, [output]],
  ];
  it.each(bad)('do not pass: %s', (_, schema, message) => {
    expect(Compile(schema).Check(JSON.parse(JSON.stringify(message)))).toBe(false);
  });
});

describe('limits', () => {
  it('fit into one another: the largest messages fit a line', () => {
    const escaped = '\u0001';
    const largest = [
      { ...output, content: escaped.repeat(limits.outputChunkLengthMax) },
      { type: 'stdin', executionId: 'x', content: '"'.repeat(limits.stdinLengthMax) },
    ];
    for (const message of largest)
      expect(Buffer.byteLength(JSON.stringify(message))).toBeLessThan(limits.lineBytesMax);
  });
});
