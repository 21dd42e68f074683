// Gives a fresh agent its session.
import { requestShapes } from '../request-shapes.ts';
import type { Session } from '../session.ts';
import { ask } from './ask.ts';

export function configure(session: Session) {
  return ask(requestShapes.configure, (request) => session.configure(request));
}
