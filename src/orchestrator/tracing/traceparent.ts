// The header `traceparent` of W3C Trace Context: which span of somebody else's a request is part of. SECURITY: anybody may send anything.

export type RemoteSpan = {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
};

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** Later versions may be longer, but nobody's header is that long. */
const lengthMax = 128;

/** Null for what is none, which is then as good as not sent. */
export function parseTraceparent(text: string | undefined): RemoteSpan | null {
  if (text === undefined || text.length > lengthMax) return null;
  const [, version, traceId, spanId, flags, rest] = form.exec(text) ?? [];
  if (version === undefined || traceId === undefined || spanId === undefined) return null;
  // The present version ends there; later ones only begin like it.
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, sampled: (Number.parseInt(flags!, 16) & 1) === 1 };
}

export function formatTraceparent({ traceId, spanId, sampled }: RemoteSpan): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
