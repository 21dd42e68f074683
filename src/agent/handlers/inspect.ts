// Questions about the live session, answered while code runs as well.
import { InspectRequest, VariablesRequest } from '#protocol';
import type { Session } from '../session.ts';
import { ask } from './ask.ts';

export function variables(session: Session) {
  return ask(VariablesRequest, (request) => session.configuredEngine().variables(request));
}

export function inspect(session: Session) {
  return ask(InspectRequest, (request) => session.configuredEngine().inspect(request));
}
