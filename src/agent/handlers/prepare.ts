// Makes a fresh agent ready for a session that is not known yet.
import type { Question } from '../server.ts';
import type { Session } from '../session.ts';

export function prepare(session: Session): { readonly ask: Question } {
  return { ask: () => session.prepare() };
}
