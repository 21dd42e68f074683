// What an agent writes to its channel of an execution, line by line, and how it hears that it is to run one.
import type { ServerHttp2Stream } from 'node:http2';

export const line = (event: object) => `${JSON.stringify(event)}\n`;

export const started = (seq: number, executionId: string) =>
  line({ seq, type: 'started', executionId });

/** With success, unless `rest` says other. */
export const ended = (seq: number, executionId: string, rest: object = {}) =>
  line({
    seq,
    type: 'ended',
    executionId,
    status: 'success',
    truncated: false,
    usage: { cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
    warnings: [],
    variables: { added: [], changed: [], removed: [] },
    stateLost: false,
    ...rest,
  });

/** Calls back with the id of each execution that the agent is told to run, and the command that says so. */
export function onExecute(
  stream: ServerHttp2Stream,
  run: (executionId: string, command: Readonly<Record<string, unknown>>) => void,
): void {
  let text = '';
  stream.on('data', (bytes: Buffer) => {
    text += bytes;
    const lines = text.split('\n');
    text = lines.pop()!;
    for (const command of lines.map((each) => JSON.parse(each)))
      if (command.type === 'execute') run(command.executionId, command);
  });
}
