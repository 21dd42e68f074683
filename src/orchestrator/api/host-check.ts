// Which host names the service answers to, and which pages may open a live connection.
// SECURITY: a page whose name was made to point at this machine (DNS rebinding) sends its own name as Host; a foreign
// page that opens a WebSocket sends its own Origin.

const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const loopbackAddress = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/;

/** True for an address that only this machine reaches. */
export function isLoopback(listenHost: string): boolean {
  return loopbackAddress.test(listenHost);
}

/**
 * Gives the test for a Host header. Bound to loopback, only loopback names and the configured ones pass; bound elsewhere, the configured
 * ones, or any when none is configured.
 */
export function hostCheck(
  listenHost: string,
  allowedHosts: readonly string[],
): (host: string | undefined) => boolean {
  const loopback = isLoopback(listenHost);
  if (!loopback && allowedHosts.length === 0) return () => true;
  const names = new Set(
    [...allowedHosts, ...(loopback ? loopbackNames : [])].map((name) => name.toLowerCase()),
  );
  return (host) => host !== undefined && names.has(nameOf(host));
}

/** Gives the test for an Origin header: none (not a browser), the host that was asked, or a configured one. */
export function originCheck(
  allowedOrigins: readonly string[],
): (origin: string | undefined, host: string | undefined) => boolean {
  const allowed = new Set(allowedOrigins.map((origin) => origin.toLowerCase()));
  return (origin, host) => {
    if (origin === undefined || allowed.has(origin.toLowerCase())) return true;
    return host !== undefined && URL.parse(origin)?.host === host.toLowerCase();
  };
}

/** The header without its port. */
function nameOf(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '');
}
