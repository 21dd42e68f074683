// A restart of a session that has a sandbox: an empty one with the same files takes its place. Nothing of the present one is given up
// before that; only when it does not answer any more are the files those of the last version, or none, and clients are told which.
import type { Log } from '../foundation/log.ts';
import type { SandboxRecord, SessionConfig, SessionRecord } from '../registry/records.ts';
import type { Sandbox } from '../sandbox/agent.ts';
import type { RestoredFiles } from './live-messages.ts';
import type { Bring, Origins } from './origins.ts';
import { isStateFault } from './snapshots.ts';

/** A sandbox that is ready to take another one's place. */
export type Prepared = {
  readonly sandbox: Sandbox;
  readonly plan: SandboxRecord;
  /** What it was started with. */
  readonly config: SessionConfig;
};

/** For an agent to end what runs. */
const resetMsMax = 5_000;

export type RenewalParts = {
  readonly former: Sandbox;
  readonly record: SessionRecord;
  readonly origins: Origins;
  readonly prepare: (bring: Bring) => Promise<Prepared>;
  readonly log: Log;
};

/** Throws what the start of a container throws, and then nothing has changed but that nothing runs any more. */
export async function prepareRenewal(
  parts: RenewalParts,
): Promise<Prepared & { readonly files: RestoredFiles }> {
  const present = await carried(parts);
  if (present !== null) return { ...present, files: 'present' };
  const { record, origins, prepare, log } = parts;
  for (let origin = await origins.last(record); origin; origin = await origins.before(origin)) {
    try {
      const prepared = await prepare(
        origins.bring({ ...origin, filesOnly: true }, record.sessionId),
      );
      return { ...prepared, files: 'version' };
    } catch (error) {
      if (!isStateFault(error)) throw error;
      const { sessionId, version } = origin.snapshot;
      log.error({ sessionId, version, err: error }, 'a snapshot could not be restored');
    }
  }
  return { ...(await prepare(origins.bring(null, record.sessionId))), files: 'none' };
}

/** With the files of the former sandbox; null when it does not give them. */
async function carried({ former, prepare, log }: RenewalParts): Promise<Prepared | null> {
  let fault: unknown = null;
  const noting = (error: unknown): never => {
    fault = error;
    throw error;
  };
  try {
    await former.agent.reset(AbortSignal.timeout(resetMsMax)).catch(noting);
    return await prepare((agent, signal) =>
      agent.restore(noted(former.agent.snapshot(signal), noting), { fork: false }, signal),
    );
  } catch (error) {
    // What another container did wrong is no reason to give these files up.
    if (fault === null && !isStateFault(error)) throw error;
    log.warn({ sandboxId: former.sandboxId, err: error }, 'a sandbox did not give its files');
    return null;
  }
}

async function* noted(
  content: AsyncIterable<Buffer>,
  failed: (error: unknown) => never,
): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    failed(error);
  }
}
