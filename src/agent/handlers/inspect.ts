// Questions about the live session, answered while code runs as well.
import { requestShapes } from '../request-shapes.ts';
import type { Session } from '../session.ts';
import { ask } from './ask.ts';

export function variables(session: Session) {
  return ask(requestShapes.variables, (request) => session.configuredEngine().variables(request));
}

export function inspect(session: Session) {
  return ask(requestShapes.inspect, (request) => session.configuredEngine().inspect(request));
}
