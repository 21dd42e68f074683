// Certificates of a test's own: an authority, and what it signs (RFC 5280, as little of it as TLS asks for).
import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4 } from 'node:net';

export type Issued = { readonly cert: string; readonly key: string };

export class Authority {
  readonly cert: string;
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #name = `authority ${randomBytes(4).toString('hex')}`;

  constructor() {
    this.cert = this.#issue(this.#name, this.#keys.publicKey, basicConstraints);
  }

  /** For a host name or an IPv4 address; `notAfter` as `20300101000000Z`. */
  issue(host: string, notAfter = '21000101000000Z'): Issued {
    const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const key = keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { cert: this.#issue(host, keys.publicKey, subjectAltName(host), notAfter), key };
  }

  #issue(
    subject: string,
    publicKey: KeyObject,
    extension: Buffer,
    notAfter = '21000101000000Z',
  ): string {
    const algorithm = sequence(objectId('2a8648ce3d040302'));
    const body = sequence(
      tagged(0xa0, integer(Buffer.of(2))),
      integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
      algorithm,
      name(this.#name),
      sequence(time('20200101000000Z'), time(notAfter)),
      name(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      tagged(0xa3, sequence(extension)),
    );
    const signature = sign('sha256', body, this.#keys.privateKey);
    const whole = sequence(body, algorithm, bitString(signature));
    const lines = whole.toString('base64').replaceAll(/.{1,64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
  }
}

function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size =
    length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}

const sequence = (...parts: readonly Uint8Array[]) => tagged(0x30, ...parts);
const integer = (bytes: Uint8Array) => tagged(0x02, bytes);
const objectId = (hex: string) => tagged(0x06, Buffer.from(hex, 'hex'));
const bitString = (bytes: Uint8Array) => tagged(0x03, Buffer.of(0), bytes);
const octets = (bytes: Uint8Array) => tagged(0x04, bytes);
const time = (text: string) => tagged(0x18, Buffer.from(text));
const name = (text: string) =>
  sequence(tagged(0x31, sequence(objectId('550403'), tagged(0x0c, Buffer.from(text)))));

/** Critical: it may sign others. */
const basicConstraints = sequence(
  objectId('551d13'),
  tagged(0x01, Buffer.of(0xff)),
  octets(sequence(tagged(0x01, Buffer.of(0xff)))),
);

function subjectAltName(host: string): Buffer {
  const named = isIPv4(host)
    ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
    : tagged(0x82, Buffer.from(host));
  return sequence(objectId('551d11'), octets(sequence(named)));
}
