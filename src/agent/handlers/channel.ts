// The stream of commands up and events down. A newer one takes the place of the one before.
import type { ServerHttp2Stream } from 'node:http2';
import { type Command, LineDecoder } from '#protocol';
import type { LineSink } from '../event-buffer.ts';
import { requestShapes } from '../request-shapes.ts';
import type { Conversation } from '../server.ts';
import type { Session } from '../session.ts';

export function channel(session: Session): { readonly converse: Conversation } {
  return {
    converse: (stream) => {
      const { events } = session.executions;
      const sink: LineSink = { write: (lines) => stream.write(lines) };
      const decoder = new LineDecoder();
      stream.respond({ ':status': 200 });
      stream.on('drain', () => events.drained(sink));
      stream.on('close', () => events.detach(sink));
      stream.on('data', (bytes: Buffer) => {
        try {
          for (const message of decoder.push(bytes)) {
            if (!requestShapes.command.Check(message)) throw new Error('a command is malformed');
            obey(session, message);
          }
        } catch {
          breakOff(stream);
        }
      });
      events.attach(sink);
    },
  };
}

function obey({ executions }: Session, command: Command): void {
  switch (command.type) {
    case 'execute':
      executions.execute(command);
      return;
    case 'cancel':
      executions.cancel(command.executionId);
      return;
    case 'stdin':
      executions.input(command.executionId, command.content);
      return;
    case 'acknowledge':
      executions.events.acknowledge(command.seq);
      return;
  }
}

/** Half a conversation is worth nothing: the link is dialled anew. */
function breakOff(stream: ServerHttp2Stream): void {
  stream.session?.destroy();
}
