// What a session's sandbox is told when it begins: who it works for, and what it may take.
import type { ConfigureRequest } from '#protocol';
import type { SessionRecord } from '../registry/records.ts';

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
