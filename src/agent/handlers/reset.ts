// Begins an empty session in the place of the present one, whatever that is at.
import type { Question } from '../server.ts';
import type { Session } from '../session.ts';

export function reset(session: Session): { readonly ask: Question } {
  return {
    ask: async () => {
      session.configuredEngine();
      await session.executions.reset();
    },
  };
}
