// When the container engine had made and started a container, by its own event log: seen from outside, so that it can be
// asked about the service's containers as well.
import type Docker from 'dockerode';
import { LineDecoder } from '#protocol';

/** Milliseconds since 1970, with fractions. */
export type EngineMoments = { readonly createdAt: number; readonly startedAt: number };

/** Of a container made after `since` (milliseconds since 1970). Throws when the engine's log does not have it. */
export async function engineMoments(
  docker: Docker,
  containerId: string,
  since: number,
): Promise<EngineMoments> {
  const stream = await docker.getEvents({
    // Whole seconds: both ends are rounded outwards, the end by not being reached yet when the answer is complete.
    since: Math.floor(since / 1000),
    until: Date.now() / 1000,
    filters: { type: ['container'], event: ['create', 'start'], container: [containerId] },
  });
  const decoder = new LineDecoder();
  const moments = new Map<string, number>();
  for await (const chunk of stream)
    for (const event of decoder.push(chunk as Buffer)) {
      const { Action: action, timeNano } = event as { Action: string; timeNano: number };
      moments.set(action, timeNano / 1e6);
    }
  const createdAt = moments.get('create');
  const startedAt = moments.get('start');
  if (createdAt === undefined || startedAt === undefined)
    throw new Error(`the engine has no events of the container ${containerId}`);
  return { createdAt, startedAt };
}
