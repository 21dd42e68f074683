// The address of a server that listens, as a URL.
import type { AddressInfo } from 'node:net';
import type { ApiServer } from './api-server.ts';

/** `host`: as it was told to listen on. */
export function addressOf(host: string, server: ApiServer): string {
  const { port } = server.server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
