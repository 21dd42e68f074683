// Writes docs/reference/ from the schemas and tables in the source. `npm run docs` runs it; a test fails when what is
// committed differs from what it writes.
import { writeFile } from 'node:fs/promises';
import { builtinReference } from './generators/builtins.ts';
import { configurationReference } from './generators/configuration.ts';
import { errorReference } from './generators/errors.ts';
import { liveProtocolReference } from './generators/live-protocol.ts';
import { metricsReference } from './generators/metrics.ts';
import { openapiReference } from './generators/openapi.ts';
import { permissionReference } from './generators/permissions.ts';
import { seccompReference } from './generators/seccomp.ts';

/** Files of docs/reference/ by name, each with the function that gives its text. */
export const references: Readonly<Record<string, () => string | Promise<string>>> = {
  'builtins.md': builtinReference,
  'configuration.md': configurationReference,
  'errors.md': errorReference,
  'live-protocol.md': liveProtocolReference,
  'metrics.md': metricsReference,
  'openapi.json': openapiReference,
  'seccomp.md': seccompReference,
  'permissions.md': permissionReference,
};

export const referenceDirectory = new URL('./reference/', import.meta.url);

if (import.meta.main) {
  for (const [name, text] of Object.entries(references))
    await writeFile(new URL(name, referenceDirectory), await text());
}
