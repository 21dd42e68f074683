// The name under which the containers of a data directory are found again.
import { newId } from '../foundation/id.ts';
import type { SessionRegistry } from './session-registry.ts';

const factName = 'instanceId';

/** Made at the first start. */
export async function instanceIdOf(
  registry: Pick<SessionRegistry, 'readFact' | 'writeFact' | 'durable'>,
): Promise<string> {
  const stored = await registry.readFact(factName);
  if (stored !== null) return stored;
  const instanceId = newId('inst');
  await registry.writeFact(factName, instanceId);
  await registry.durable();
  return instanceId;
}
