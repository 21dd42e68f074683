// Certificate authorities that the operator adds to those that programs trust.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { limits } from '#protocol';
import { StartError } from '../foundation/start-error.ts';

const blockPattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** The certificates in a PEM file, and nothing else that may be in it. Throws StartError. */
export async function readCertificates(path: string): Promise<string> {
  let blocks: string[];
  try {
    blocks = (await readFile(path, 'utf8')).match(blockPattern) ?? [];
    for (const block of blocks) new X509Certificate(block);
  } catch (error) {
    throw new StartError(`CELLAR_EGRESS_CA_FILE: ${path} cannot be used: ${error}`);
  }
  const certificates = blocks.join('\n');
  if (blocks.length === 0 || certificates.length > limits.certificatesLengthMax)
    throw new StartError(`CELLAR_EGRESS_CA_FILE: ${path} holds no certificates, or too many`);
  return certificates;
}
