// Settings of the way out of sandboxes, for sessions whose network policy allows one.
import { Type } from 'typebox';
import { count, hourMs, list, milliseconds, minuteMs, secondMs } from './setting-types.ts';

export const egressSettings = {
  egressPrivateAllow: list(
    'Address ranges that sessions may reach although they are none of the public internet, where their own lists allow the host: `10.1.2.0/24`. Loopback, link-local and metadata addresses of this machine are among those that can be named; none is by default.',
  ),
  egressDnsServers: list(
    'Name servers that sandboxes’ hosts are looked up with, each an address with or without a port; else those that the machine is configured with.',
  ),
  egressCaFile: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'File of certificate authorities, PEM, that programs trust beside the well-known ones: that of an internal mirror, for instance.',
    }),
  ),
  egressConnectionsMax: count(
    16,
    [1, 1000],
    'Connections of one sandbox to other hosts at a time.',
  ),
  egressIdleMsMax: milliseconds(
    minuteMs,
    [secondMs, hourMs],
    'How long such a connection may stand still.',
  ),
  egressTotalMsMax: milliseconds(
    10 * minuteMs,
    [secondMs, 24 * hourMs],
    'How long it may take as a whole.',
  ),
};
