// The address of a server that listens, as a URL.
import { Server as SecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ApiServer } from './api-server.ts';

/** `host`: as it was told to listen on. */
export function addressOf(host: string, server: ApiServer): string {
  const { port } = server.server.address() as AddressInfo;
  const scheme = server.server instanceof SecureServer ? 'https' : 'http';
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
