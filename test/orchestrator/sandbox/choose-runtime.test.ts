import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';
import {
  chooseRuntime,
  type RuntimeChoice,
} from '../../../src/orchestrator/sandbox/choose-runtime.ts';

type Engine = {
  readonly offered?: readonly string[];
  readonly flaws?: readonly string[];
  /** Runtimes under which no agent comes through. */
  readonly deaf?: readonly string[];
  readonly away?: boolean;
};

/** What is chosen, and which runtimes were tried for it. */
async function chosen(
  runtime: string,
  { offered = ['runc'], flaws = [], deaf = [], away = false }: Engine,
  engineFlaws: RuntimeChoice['engineFlaws'] = 'warn',
): Promise<{ name: string; tried: string[]; logged: string }> {
  const tried: string[] = [];
  let logged = '';
  const unreachable = () => {
    if (away) throw new AppError('runtime_unavailable');
  };
  const name = await chooseRuntime({
    runtime,
    engineFlaws,
    sandboxStartMsMax: 1000,
    engine: {
      async info() {
        unreachable();
        return { engine: 'docker', version: '1', runtimes: offered };
      },
      async flaws() {
        unreachable();
        return flaws;
      },
    },
    async trial(each) {
      tried.push(each);
      if (deaf.includes(each))
        throw new AppError('sandbox_failed', { cause: new Error('no hello') });
    },
    log: pino(
      {},
      {
        write(line: string) {
          logged += line;
        },
      },
    ),
  });
  return { name, tried, logged };
}

const all = ['io.containerd.runc.v2', 'kata', 'runc', 'runsc'];

describe('a runtime that is named', () => {
  it('is used, and is tried when it has a kernel of its own', async () => {
    expect(await chosen('runc', { offered: all })).toMatchObject({ name: 'runc', tried: [] });
    expect(await chosen('runsc', { offered: all })).toMatchObject({
      name: 'runsc',
      tried: ['runsc'],
    });
  });

  it('is the end of the start when the engine has none of this name', async () => {
    await expect(chosen('runsc', { offered: ['runc', 'crun'] })).rejects.toThrow(
      'The container engine has no runtime "runsc". It has: runc, crun.',
    );
  });

  it('is the end of the start when its sandboxes do not reach the service', async () => {
    const choice = chosen('runsc', { offered: all, deaf: ['runsc'] });
    await expect(choice).rejects.toThrow(/"runsc".*--host-uds=open.*no hello/);
  });

  it('is tried where the engine finds it by itself', async () => {
    const name = 'io.containerd.runsc.v1';
    expect(await chosen(name, {})).toMatchObject({ name, tried: [name] });
  });

  it('is borne while the engine is away', async () => {
    const { name, logged } = await chosen('runsc', { away: true });
    expect(name).toBe('runsc');
    expect(logged).toContain('could not be looked at');
  });
});

describe('the runtime auto', () => {
  it('is the strongest under which a sandbox can be started', async () => {
    expect((await chosen('auto', { offered: all })).name).toBe('kata');
    expect((await chosen('auto', { offered: all, deaf: ['kata'] })).name).toBe('runsc');
    expect((await chosen('auto', {})).name).toBe('runc');
  });

  it('says which stronger ones do not work, and what it came to', async () => {
    const { name, logged } = await chosen('auto', { offered: all, deaf: ['kata', 'runsc'] });
    expect(name).toBe('runc');
    expect(logged).toMatch(/kata.*runsc.*"runtime":"runc","tier":"container"/s);
  });

  it('is none where nothing can be known, or nothing works', async () => {
    await expect(chosen('auto', { away: true })).rejects.toThrow('does not answer');
    await expect(chosen('auto', { offered: ['runsc'], deaf: ['runsc'] })).rejects.toThrow('runsc');
  });
});

describe('known flaws of the engine', () => {
  const flaws = ['runc 1.1.5 has CVE-2024-21626'];

  it('are logged, or the end of the start', async () => {
    expect((await chosen('runc', { flaws })).logged).toContain('CVE-2024-21626');
    await expect(chosen('runc', { flaws }, 'refuse')).rejects.toThrow('CVE-2024-21626');
    expect((await chosen('runc', {}, 'refuse')).name).toBe('runc');
  });

  it('are not looked for where sandboxes have a kernel of their own', async () => {
    expect((await chosen('runsc', { offered: all, flaws }, 'refuse')).name).toBe('runsc');
  });

  it('cannot be ruled out while the engine is away', async () => {
    await expect(chosen('runc', { away: true }, 'refuse')).rejects.toThrow('does not answer');
  });
});
