// What a session's sandbox is told when it begins: who it works for, and what it may take.
import type { ConfigureRequest } from '#protocol';
import type { SessionRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { SessionOptions } from './session-options.ts';

/** `heapShare`: how much of the memory the values of programs may take, 0..1. */
export function configureRequest(
  { sessionId, language, config }: Pick<SessionRecord, 'sessionId' | 'language' | 'config'>,
  heapShare: number,
): ConfigureRequest {
  return {
    sessionId,
    language,
    environment: { ...config.env },
    outputBytesMax: config.limits.outputBytes,
    heapBytesMax: Math.floor(config.limits.memoryBytes * heapShare),
  };
}

/** Gives a sandbox that runs the settings of the record. Throws what the engine or the agent says; what was changed stays so. */
export async function changeSandbox(
  sandbox: Sandbox,
  record: SessionRecord,
  { limits, source }: Pick<SessionOptions, 'limits' | 'source'>,
): Promise<void> {
  const signal = AbortSignal.timeout(limits.sandboxStartMsMax);
  await source.update(sandbox, record.config.limits, signal);
  await sandbox.agent.configure(configureRequest(record, limits.heapShare), signal);
}
