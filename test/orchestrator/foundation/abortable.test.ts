import { describe, expect, it } from 'vitest';
import { abortable } from '../../../src/orchestrator/foundation/abortable.ts';
import { AppError } from '../../../src/orchestrator/foundation/errors.ts';

const forever = new Promise<never>(() => {});

describe('an abortable wait', () => {
  it('gives what it waited for', async () => {
    const { signal } = new AbortController();
    expect(await abortable(Promise.resolve(1), signal)).toBe(1);
    await expect(abortable(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  });

  it('ends when the signal fires, also when it had fired before', async () => {
    const controller = new AbortController();
    const wait = abortable(forever, controller.signal);
    controller.abort();
    await expect(wait).rejects.toMatchObject({ code: 'deadline_exceeded' });
    await expect(abortable(forever, controller.signal)).rejects.toMatchObject({
      code: 'deadline_exceeded',
    });
  });

  it('gives the signal’s own reason where that is an error for the client', async () => {
    const signal = AbortSignal.abort(new AppError('shutting_down'));
    await expect(abortable(forever, signal)).rejects.toMatchObject({ code: 'shutting_down' });
  });
});
