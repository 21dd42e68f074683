// What a session's sandbox is told when it begins, and when that changes: who it works for, and what it may take.
import type { ConfigureRequest } from '#protocol';
import type { SandboxRecord, SessionConfig, SessionRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import { reachesAnybody, type SessionNetwork } from './session-network.ts';
import type { SessionOptions } from './session-options.ts';
import type { SessionStore } from './session-store.ts';

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

type Parts = {
  readonly store: SessionStore;
  readonly options: Pick<SessionOptions, 'limits' | 'source' | 'certificates' | 'log'>;
  readonly network: Pick<SessionNetwork, 'permit'>;
};

/**
 * Gives a session's sandbox, which runs, the settings of `config`. These are to be stored next, with the sandbox as `settled`: a process that
 * dies before that leaves a record by which the next one knows to settle it. Throws what the engine or the agent says; then the sandbox
 * has the settings of its record again.
 */
export async function changeSandbox(
  sandbox: Sandbox,
  config: SessionConfig,
  parts: Parts,
): Promise<void> {
  const { store } = parts;
  await store.apply({ session: { sandbox: { ...store.record.sandbox!, changing: true } } });
  try {
    await give(sandbox, { ...store.record, config }, parts);
  } catch (error) {
    await settleSandbox(sandbox, parts);
    throw error;
  }
}

/** Gives a session's sandbox, which runs, the settings of its record. What cannot be settled now is at the next change, or by the next process. */
export async function settleSandbox(sandbox: Sandbox, parts: Parts): Promise<void> {
  const { store, options, network } = parts;
  const { sandboxId } = sandbox;
  try {
    await network.permit(sandbox);
    await give(sandbox, store.record, parts);
    await store.apply({ session: { sandbox: settled(store.record.sandbox!) } });
  } catch (error) {
    options.log.warn({ sandboxId, err: error }, 'a sandbox has other settings than its session');
  }
}

/** The record of a sandbox whose settings are those of its session. */
export function settled({ changing: _, ...record }: SandboxRecord): SandboxRecord {
  return record;
}

async function give(sandbox: Sandbox, record: SessionRecord, { options }: Parts): Promise<void> {
  const { limits, source } = options;
  const signal = AbortSignal.timeout(limits.sandboxStartMsMax);
  await source.update(sandbox, record.config.limits, signal);
  await sandbox.agent.configure(configureRequest(record, options), signal);
}
