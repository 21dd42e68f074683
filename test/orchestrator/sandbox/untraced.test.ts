import { AsyncLocalStorage } from 'node:async_hooks';
import { expect, it } from 'vitest';
import type { Span, Tracer } from '../../../src/orchestrator/foundation/trace.ts';
import { untraced } from '../../../src/orchestrator/sandbox/untraced.ts';
import { ScriptedSource } from '../../doubles/scripted-source.ts';

it('what is started in reserve is part of no request, though one caused it', async () => {
  const spans = new AsyncLocalStorage<Span | null>();
  const tracer: Tracer = {
    request: () => null,
    within: (span, work) => spans.run(span, work),
    get current() {
      return spans.getStore() ?? null;
    },
  };
  const source = new ScriptedSource();
  const seen: (Span | null)[] = [];
  const reserve = untraced(
    {
      plan: () => source.plan(),
      release: () => {},
      start: async () => {
        await Promise.resolve();
        seen.push(tracer.current);
        throw new Error('not needed');
      },
    },
    tracer,
  );
  const request = {} as Span;
  await tracer.within(request, async () => {
    const limits = { memoryBytes: 1, cpus: 1, pids: 1, workspaceBytes: 1 };
    const start = reserve.start(source.plan(), limits, new AbortController().signal);
    await expect(start).rejects.toThrow();
    expect(tracer.current).toBe(request);
  });
  expect(seen).toEqual([null]);
});
