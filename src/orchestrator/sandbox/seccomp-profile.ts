// Reads the seccomp profile that goes along with every container. A missing or broken one is the end of the start-up:
// there is no sandbox without it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const profileFile = new URL('../../../sandbox-image/seccomp.json', import.meta.url);

/** The profile as compact JSON text. Throws what the file system says, and for a profile that would allow by default. */
export function loadSeccompProfile(): string {
  const profile: unknown = JSON.parse(readFileSync(profileFile, 'utf8'));
  const action = (profile as { defaultAction?: unknown }).defaultAction;
  if (action !== 'SCMP_ACT_ERRNO')
    throw new Error(`${fileURLToPath(profileFile)} must deny by default, not ${action}`);
  return JSON.stringify(profile);
}
