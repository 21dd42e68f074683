// Turns a shape and a function into a question of the route table: what reaches the function has the right shape.
import { AgentFailure } from '../agent-failure.ts';
import type { Question } from '../server.ts';

type Shape<Request> = { Check(value: unknown): value is Request };

export function ask<Request>(
  shape: Shape<Request>,
  answer: (request: Request) => unknown,
): { readonly ask: Question } {
  return {
    ask: (body) => {
      if (!shape.Check(body)) throw new AgentFailure('invalid_request', 'The body is malformed');
      return answer(body);
    },
  };
}
