// Gives a fresh agent its session.
import { ConfigureRequest } from '#protocol';
import type { Session } from '../session.ts';
import { ask } from './ask.ts';

export function configure(session: Session) {
  return ask(ConfigureRequest, (request) => session.configure(request));
}
