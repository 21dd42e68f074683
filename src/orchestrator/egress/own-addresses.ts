// The addresses of this machine, whatever range they are in: what listens on them would take a sandbox's request for one from within.
import { networkInterfaces } from 'node:os';

/** As of now: interfaces come and go. */
export function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => address),
  );
}
