// A connection to the session's proxy, or through it to a host: the only way out of a sandbox.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  connect as connectTls,
  createSecureContext,
  rootCertificates,
  type SecureContext,
} from 'node:tls';
import { refusalIn } from './proxy-status.ts';
import { RequestFailure } from './request.ts';

export type Way = {
  /** Of the proxy's Unix socket. */
  readonly path: string;
  /** Further certificate authorities that are trusted, PEM; null for none. */
  readonly certificates: string | null;
};

let trusted: { readonly certificates: string; readonly context: SecureContext } | null = null;

/** A connection on which HTTPS can be spoken to a host. Throws RequestFailure, and the signal's reason. */
export async function secureConnection(url: URL, way: Way, signal: AbortSignal): Promise<Duplex> {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const socket = await tunnel(`${url.hostname}:${url.port || '443'}`, way, signal);
  const secure = connectTls({
    socket,
    ALPNProtocols: ['http/1.1'],
    // Names only: addresses have none that could be asked for.
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    ...(way.certificates === null ? {} : { secureContext: contextWith(way.certificates) }),
  });
  const abort = () => secure.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      secure.once('secureConnect', resolve);
      secure.once('error', reject);
      secure.once('close', () => reject(new Error('closed')));
    });
    return secure;
  } catch (error) {
    signal.throwIfAborted();
    throw new RequestFailure(handshakeFailure(url.host, error as NodeJS.ErrnoException));
  } finally {
    signal.removeEventListener('abort', abort);
    // From now on its errors are those of the request on it.
    secure.on('error', () => {});
  }
}

function tunnel(authority: string, { path }: Way, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath: path,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority },
      agent: false,
      signal,
    });
    request.once('connect', (response: IncomingMessage, socket: Socket) => {
      const refusal = refusalIn(response.headers['proxy-status']);
      if (response.statusCode === 200) {
        resolve(socket);
        return;
      }
      socket.destroy();
      reject(new RequestFailure(refusal ?? 'The request was refused'));
    });
    request.once('error', reject);
    request.end();
  });
}

/** Made once: reading all the well-known authorities takes a while. */
function contextWith(certificates: string): SecureContext {
  if (trusted?.certificates !== certificates) {
    const context = createSecureContext({ ca: [...rootCertificates, certificates] });
    trusted = { certificates, context };
  }
  return trusted.context;
}

function handshakeFailure(host: string, { code = '', message }: NodeJS.ErrnoException): string {
  // What OpenSSL says of certificates is in words, and names nothing of the sandbox.
  const isCertificate = /CERT|SELF_SIGNED|ISSUER|UNABLE_TO|ALTNAME/.test(code);
  return isCertificate
    ? `The certificate of '${host}' is not accepted: ${message.split('\n')[0]}`
    : `No secure connection to '${host}'`;
}
