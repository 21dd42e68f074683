import { afterEach, describe, expect, it, vi } from 'vitest';
import { AnarchyEngine } from '../../../../src/agent/engines/anarchy/anarchy-engine.ts';
import type { EngineOutcome } from '../../../../src/agent/engines/engine.ts';
import { configuration, program } from '../../../helpers/commands.ts';

const entry = new URL('../../../doubles/unruly-worker.ts', import.meta.url);
const engines: AnarchyEngine[] = [];

function startEngine(graceMs = 20): AnarchyEngine {
  const engine = new AnarchyEngine({
    entry,
    workspace: '/nowhere',
    egress: '/nowhere',
    graceMs,
    answerMs: 1_000,
  });
  engine.configure(configuration({ heapBytesMax: 16 * 1024 * 1024 }));
  engines.push(engine);
  return engine;
}

function run(engine: AnarchyEngine, code: string): Promise<EngineOutcome> {
  return new Promise((resolve) => {
    engine.execute(program('a', code), { events: () => true, ended: resolve });
  });
}

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.dispose();
});

describe('a worker', () => {
  it('has nothing of the environment of the process', async () => {
    expect((await run(startEngine(), 'nothing')).result?.preview).toBe('');
  });
});

describe('a worker that does not obey', () => {
  it.each(['cancelled', 'timeout'] as const)(
    'is ended and replaced after the grace period when %s',
    async (cause) => {
      const engine = startEngine();
      await run(engine, 'nothing');
      const outcome = run(engine, 'spin');
      engine.stop(cause);
      expect(await outcome).toMatchObject({ status: cause, stateLost: true });
      expect(await run(engine, 'nothing')).toMatchObject({ status: 'success', stateLost: false });
    },
  );

  it('has longer while it is not at its program but at the profile of it', async () => {
    const engine = startEngine(1_000);
    await run(engine, 'nothing');
    const outcome = run(engine, 'measure');
    engine.stop('timeout');
    expect(await outcome).toMatchObject({ status: 'success', stateLost: false });
  });

  it('ends its program with an error when it runs out of memory', async () => {
    const engine = startEngine();
    expect(await run(engine, 'fill')).toMatchObject({
      status: 'error',
      error: { type: 'ResourceLimitError' },
      stateLost: true,
    });
    expect(await run(engine, 'nothing')).toMatchObject({ status: 'success', stateLost: false });
  });

  it('ends its program with an error when it fails', async () => {
    vi.spyOn(process.stderr, 'write').mockReturnValueOnce(true);
    const engine = startEngine();
    expect(await run(engine, 'throw')).toMatchObject({
      status: 'error',
      error: { type: 'InternalError' },
      stateLost: true,
    });
  });

  it('makes the next outcome say that the state is lost when it dies between programs', async () => {
    const engine = startEngine();
    expect((await run(engine, 'leave')).stateLost).toBe(false);
    const question = engine.variables({ includeValues: false });
    await expect(question).rejects.toMatchObject({ code: 'engine_unavailable' });
    expect((await run(engine, 'nothing')).stateLost).toBe(true);
    expect((await run(engine, 'nothing')).stateLost).toBe(false);
  });

  it('is ended and replaced when it does not stop saving or loading', async () => {
    for (const transfer of ['save', 'load'] as const) {
      const engine = startEngine();
      await run(engine, 'nothing');
      const stop = new AbortController();
      const bytes = (async function* () {
        yield new Uint8Array(1);
      })();
      const done =
        transfer === 'save'
          ? engine.save(stop.signal)[Symbol.asyncIterator]().next()
          : engine.load(bytes, { fork: false, signal: stop.signal });
      stop.abort();
      await expect(done).rejects.toMatchObject({ code: 'engine_unavailable' });
      expect((await run(engine, 'nothing')).stateLost).toBe(true);
    }
  });

  it('does not keep anybody waiting for an answer', async () => {
    const engine = startEngine();
    await run(engine, 'nothing');
    const outcome = run(engine, 'spin');
    const question = engine.inspect({ variable: 'x', path: [], depth: 1 });
    await expect(question).rejects.toMatchObject({ code: 'engine_busy' });
    engine.stop('cancelled');
    await outcome;
  });
});
