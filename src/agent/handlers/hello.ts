// The first request on every link: who we are, and what we still hold.
import { type HelloReply, protocolVersion } from '#protocol';
import { AgentFailure } from '../agent-failure.ts';
import { requestShapes } from '../request-shapes.ts';
import type { Session } from '../session.ts';
import { ask } from './ask.ts';

export const agentVersion = '0.1.0';

export function hello(session: Session, token: string, established: () => void) {
  return ask(requestShapes.hello, (request): HelloReply => {
    if (request.protocolVersion !== protocolVersion)
      throw new AgentFailure('invalid_request', `This agent speaks version ${protocolVersion}`);
    const { executions, sessionId, languages } = session;
    executions.events.acknowledge(request.acknowledgedSeq);
    established();
    return {
      protocolVersion,
      token,
      agentVersion,
      languages: [...languages],
      sessionId,
      lastSeq: executions.events.lastSeq,
      executions: executions.held(),
      traces: true,
    };
  });
}
