import { expect, it } from 'vitest';
import { pumpEvents } from '../../../src/orchestrator/sessions/event-pump.ts';
import { ScriptedSandbox } from '../../doubles/scripted-source.ts';

const record = { sandboxId: 'sbx-1', runtimeId: null, token: 't', uid: 1000, runtime: 'scripted' };

it('ends when a batch cannot be stored, however much waits behind it', async () => {
  const sandbox = new ScriptedSandbox(record);
  const gate = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  sandbox.emit({ type: 'started', executionId: 'a' });
  const pumping = pumpEvents(sandbox.agent, () => {
    asked.resolve();
    return gate.promise;
  });
  await asked.promise;
  for (let i = 0; i < 2000; i++) sandbox.emit({ type: 'started', executionId: 'a' });
  await new Promise((resume) => setImmediate(resume));
  gate.reject(new Error('as scripted'));
  await expect(pumping).rejects.toThrow('as scripted');
});
