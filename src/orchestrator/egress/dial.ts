// From a destination to a connection. SECURITY: its name is resolved here, once; every address is checked, and what was checked is what is dialled.
import { connect, isIP, type Socket } from 'node:net';
import { abortable } from '../foundation/abortable.ts';
import type { Clock } from '../foundation/clock.ts';
import type { AddressCheck } from './address-check.ts';
import type { Destination } from './destination.ts';
import { EgressRefusal } from './egress-refusal.ts';
import type { Resolver } from './resolver.ts';

/** Addresses of one host that are tried. */
const addressesMax = 4;

export type Dialling = {
  readonly resolver: Resolver;
  readonly addresses: AddressCheck;
  /** For one address, milliseconds. */
  readonly connectMsMax: number;
  readonly clock: Clock;
};

type Attempt = Pick<Dialling, 'connectMsMax' | 'clock'> & {
  readonly address: string;
  readonly port: number;
  readonly signal: AbortSignal;
};

/** A connected socket. Throws EgressRefusal, or the signal's reason. */
export async function dial(
  { host, port }: Pick<Destination, 'host' | 'port'>,
  { resolver, addresses, connectMsMax, clock }: Dialling,
  signal: AbortSignal,
): Promise<Socket> {
  const found = isIP(host) === 0 ? await abortable(resolver.resolve(host), signal) : [host];
  signal.throwIfAborted();
  // SECURITY: one bad address among good ones is no accident; which one would be dialled must not be a matter of luck.
  if (found.length === 0 || !found.every((address) => addresses.allows(address)))
    throw new EgressRefusal(
      'destination_ip_prohibited',
      `The address of '${host}' may not be reached`,
    );
  let failure: unknown;
  for (const address of found.slice(0, addressesMax)) {
    try {
      return await connected({ address, port, connectMsMax, clock, signal });
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw refusalOf(failure, host, port);
}

function connected({ address, port, connectMsMax, clock, signal }: Attempt): Promise<Socket> {
  return new Promise((resolve, reject) => {
    // An address, so that nothing is resolved again.
    const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    const end = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    const abort = () => end(signal.reason);
    const cancel = clock.after(connectMsMax, () =>
      end(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' })),
    );
    signal.addEventListener('abort', abort, { once: true });
    const settle = () => {
      cancel();
      signal.removeEventListener('abort', abort);
    };
    socket.once('close', settle);
    socket.once('error', end);
    socket.once('connect', () => {
      settle();
      socket.off('error', end);
      resolve(socket);
    });
  });
}

function refusalOf(error: unknown, host: string, port: number): EgressRefusal {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ECONNREFUSED':
      return new EgressRefusal(
        'connection_refused',
        `'${host}' refuses connections to port ${port}`,
      );
    case 'ETIMEDOUT':
      return new EgressRefusal('connection_timeout', `'${host}' does not answer at port ${port}`);
    default:
      return new EgressRefusal('destination_unavailable', `'${host}' cannot be reached`);
  }
}
