// Where a request wants to go, read strictly: one host in one form, one port, one protocol. Pure.
import { isIP } from 'node:net';

/** What the proxy is asked for: to send a request itself, or to pass bytes through unseen. */
export type Form = 'http' | 'tunnel';

export type Destination = {
  readonly form: Form;
  /** In lower case, in ASCII, without a dot at the end; an IPv6 address without brackets. */
  readonly host: string;
  readonly port: number;
};

export const defaultPorts: Readonly<Record<Form, number>> = { http: 80, tunnel: 443 };

const hostLengthMax = 253;
/** RFC 3986, reg-name as DNS has it; underscores are common in practice. */
const namePattern = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/;

/**
 * The host in its one form; null for what is none. Numbers that programs take for IPv4 addresses (`2130706433`, `0x7f.1`, `0177.0.0.1`) become
 * those addresses, as every client would make them.
 */
export function canonicalHost(text: string): string | null {
  // SECURITY: nothing but a host gets to the URL parser, which would find a user, a port or a path.
  if (text === '' || text.length > hostLengthMax + 1 || /[\s/?#@\\%<>^|]/.test(text)) return null;
  const isBracketed = text.startsWith('[') && text.endsWith(']');
  if (/[:[\]]/.test(text) && !isBracketed) return null;
  let host: string;
  try {
    host = new URL(`http://${text}/`).hostname;
  } catch {
    return null;
  }
  if (isBracketed) return isIP(host.slice(1, -1)) === 6 ? host.slice(1, -1) : null;
  const name = host.endsWith('.') ? host.slice(0, -1) : host;
  if (name.length > hostLengthMax) return null;
  return isIP(name) === 4 || namePattern.test(name) ? name : null;
}

/** `host:port` of a CONNECT request; null for what is none. */
export function tunnelDestination(authority: string): Destination | null {
  const match = /^(.+):([0-9]{1,5})$/.exec(authority);
  return match === null ? null : destination('tunnel', match[1]!, match[2]!);
}

export type HttpTarget = { readonly destination: Destination; readonly path: string };

/** The absolute form of a request for plain HTTP; null for any other. */
export function httpTarget(url: string): HttpTarget | null {
  const match = /^http:\/\/([^/?#]+)([/?][^#]*)?$/i.exec(url);
  if (match === null) return null;
  const [, authority = '', rest = '/'] = match;
  const port = /:([0-9]{0,5})$/.exec(authority);
  const host = port === null ? authority : authority.slice(0, port.index);
  const found = destination('http', host, port?.[1] || String(defaultPorts.http));
  // SECURITY: as it goes into a request line.
  if (found === null || /[^\x21-\x7e]/.test(rest)) return null;
  return { destination: found, path: rest.startsWith('?') ? `/${rest}` : rest };
}

/** As in a `Host` header. */
export function authorityOf({ form, host, port }: Destination): string {
  const name = isIP(host) === 6 ? `[${host}]` : host;
  return port === defaultPorts[form] ? name : `${name}:${port}`;
}

function destination(form: Form, hostText: string, portText: string): Destination | null {
  const host = canonicalHost(hostText);
  const port = Number(portText);
  return host === null || port < 1 || port > 65_535 ? null : { form, host, port };
}
