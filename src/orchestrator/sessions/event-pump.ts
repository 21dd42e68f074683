// Pulls the events of one sandbox's agent and hands them on in batches: what arrived together is stored together.
// It never reads far ahead: while a batch is being stored only a bounded number of events is held, the rest waits in the agent.
import type { AgentEvent } from '#protocol';
import type { Agent } from '../sandbox/agent.ts';

const batchLengthMax = 512;

/**
 * Runs until the agent's events end (resolves) or the agent breaks the protocol (rejects). `store` is awaited before the next batch,
 * and must not fail for reasons that pass: it tries again itself.
 */
export async function pumpEvents(
  agent: Agent,
  store: (batch: readonly AgentEvent[]) => Promise<void>,
): Promise<void> {
  const iterator = agent.events()[Symbol.asyncIterator]();
  let pending: AgentEvent[] = [];
  let wake = () => {};
  let ended = false;
  let stopped = false;
  let failure: unknown;

  const pull = async () => {
    try {
      while (!stopped) {
        const next = await iterator.next();
        if (next.done) break;
        pending.push(next.value);
        wake();
        while (!stopped && pending.length >= batchLengthMax)
          await new Promise<void>((resume) => (resumePull = resume));
      }
    } catch (error) {
      failure = error;
    } finally {
      ended = true;
      wake();
    }
  };
  let resumePull = () => {};
  const pulling = pull();

  try {
    for (;;) {
      if (pending.length === 0) {
        if (ended) break;
        await new Promise<void>((resume) => (wake = resume));
        // What one read of the socket brought is delivered in the microtasks that follow: take it as one batch.
        await new Promise<void>((resume) => setImmediate(resume));
        continue;
      }
      const batch = pending;
      pending = [];
      resumePull();
      await store(batch);
    }
  } finally {
    stopped = true;
    resumePull();
    await iterator.return?.();
    await pulling;
  }
  if (failure !== undefined) throw failure;
}
