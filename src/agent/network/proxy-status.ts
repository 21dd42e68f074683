// What the session's proxy says when it refuses (RFC 9209). Hosts cannot say it: the proxy lets no such header of theirs through.

/** The reason in words; null where the response is the host's own. */
export function refusalIn(proxyStatus: string | string[] | undefined): string | null {
  if (typeof proxyStatus !== 'string' || !proxyStatus.startsWith('cellar; error=')) return null;
  const details = /; details="((?:[^"\\]|\\.)*)"/.exec(proxyStatus)?.[1];
  return details?.replaceAll(/\\(.)/g, '$1') ?? 'The request was refused';
}
