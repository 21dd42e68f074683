// What a session's sandbox is told when it begins: who it works for, and what it may take.
import type { ConfigureRequest } from '#protocol';
import type { SessionRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import { reachesAnybody } from './session-network.ts';
import type { SessionOptions } from './session-options.ts';

export type SandboxOptions = Pick<SessionOptions, 'certificates'> & {
  readonly limits: Pick<SessionOptions['limits'], 'heapShare'>;
};

export function configureRequest(
  { sessionId, language, config }: Pick<SessionRecord, 'sessionId' | 'language' | 'config'>,
  { limits, certificates }: SandboxOptions,
): ConfigureRequest {
  return {
    sessionId,
    language,
    environment: { ...config.env },
    outputBytesMax: config.limits.outputBytes,
    heapBytesMax: Math.floor(config.limits.memoryBytes * limits.heapShare),
    ...(reachesAnybody(config.network)
      ? { network: certificates === null ? {} : { certificates } }
      : {}),
  };
}

/** Gives a sandbox that runs the settings of the record. Throws what the engine or the agent says; what was changed stays so. */
export async function changeSandbox(
  sandbox: Sandbox,
  record: SessionRecord,
  options: Pick<SessionOptions, 'limits' | 'source' | 'certificates'>,
): Promise<void> {
  const { limits, source } = options;
  const signal = AbortSignal.timeout(limits.sandboxStartMsMax);
  await source.update(sandbox, record.config.limits, signal);
  await sandbox.agent.configure(configureRequest(record, options), signal);
}
