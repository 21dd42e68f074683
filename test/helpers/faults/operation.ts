// An operation during which the service is killed, and what may be the case after that: all of it or nothing of it.
import { expect } from 'vitest';
import type { Reply, Service } from '../start-service.ts';
import type { Subject } from './subject.ts';

/** One attempt of an operation. */
export type Attempt = {
  readonly service: Service;
  readonly subject: Subject;
  /** Nothing else has this name. */
  readonly name: string;
  readonly key: string;
};

export type Operation = {
  readonly name: string;
  /** Whose calls are watched: the session's, or those of what is made, which has the attempt's name. */
  readonly label: 'subject' | 'made';
  /** It has this many steps at least. */
  readonly stepsMin: number;
  prepare?(attempt: Attempt): Promise<void>;
  /** The request; it may fail when the service dies. */
  run(attempt: Attempt): Promise<Reply>;
  /** Resolves when what was answered before it had ended is over. */
  ends?(attempt: Attempt): Promise<unknown>;
  /** What else dies, right after the service. */
  alsoDies?(attempt: Attempt): Promise<void>;
  /** Called when the session has settled. `reply`: what the request was answered, if it was. */
  check(attempt: Attempt, reply: Reply | null): Promise<void>;
};

/** What attempts have to remember from their preparation to their check. */
export class Notes<Note> {
  readonly #notes = new Map<string, Note>();

  put({ name }: Attempt, note: Note): void {
    this.#notes.set(name, note);
  }

  of({ name }: Attempt): Note {
    return this.#notes.get(name)!;
  }
}

export const withKey = ({ key }: Attempt) => ({ 'idempotency-key': key });

/** What a request with the same key is told, wherever the first one was cut off: what became of that. */
export async function retried(
  operation: Operation,
  attempt: Attempt,
  done: number,
): Promise<Reply> {
  const reply = await operation.run(attempt);
  expect(reply.status).toBe(done);
  return reply;
}
