// Turns a schema and a function into a question of the route table: what reaches the function has the right shape.
import type { Static, TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { AgentFailure } from '../agent-failure.ts';
import type { Question } from '../server.ts';

export function ask<Schema extends TSchema>(
  schema: Schema,
  answer: (request: Static<Schema>) => unknown,
): { readonly ask: Question } {
  const shape = Compile(schema);
  return {
    ask: (body) => {
      if (!shape.Check(body)) throw new AgentFailure('invalid_request', 'The body is malformed');
      return answer(body as Static<Schema>);
    },
  };
}
