// The list of what a backup holds: written last, so that a backup without it was not finished, and checked before anything of it is
// believed.
import { hash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import Value from 'typebox/value';
import { StartError } from '../foundation/start-error.ts';

export const manifestName = 'backup.json';
export const registryName = 'registry.db';
export const snapshotsName = 'snapshots';

const formatVersion = 1;
const stored = '[a-z0-9][a-z0-9_-]{0,127}';

/** SECURITY: these names become paths; none leads out of the backup. */
const namePattern = `^(registry\\.db|snapshots/${stored}/(snapshots/${stored}\\.json|packs/[0-9a-f]{32}\\.pack))$`;

const BackupFile = Type.Object(
  {
    name: Type.String({ pattern: namePattern }),
    sizeBytes: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
    sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
  },
  { additionalProperties: false },
);
export type BackupFile = Static<typeof BackupFile>;

const Manifest = Type.Object(
  {
    format: Type.Literal(formatVersion),
    /** Milliseconds since 1970. */
    madeAt: Type.Integer({ minimum: 0 }),
    /** Of the service. */
    version: Type.String(),
    /** Where snapshots are: in the backup, or still in their bucket. */
    store: Type.Union([
      Type.Object({ kind: Type.Literal('directory') }, { additionalProperties: false }),
      Type.Object(
        { kind: Type.Literal('s3'), bucket: Type.String(), prefix: Type.String() },
        { additionalProperties: false },
      ),
    ]),
    /** Snapshots that were damaged before the backup was made. */
    damaged: Type.Array(Type.String()),
    files: Type.Array(BackupFile),
  },
  { additionalProperties: false },
);
type Stored = Static<typeof Manifest>;
export type Manifest = Omit<Stored, 'format'>;

/** Two lines: the manifest, and the SHA-256 of that line. */
export function encodeManifest(manifest: Manifest): string {
  return sealed(JSON.stringify({ format: formatVersion, ...manifest }));
}

/** Throws StartError. */
export function decodeManifest(text: string): Manifest {
  const line = text.slice(0, text.indexOf('\n'));
  if (text !== sealed(line)) throw new StartError(`${manifestName} is damaged`);
  const manifest: unknown = JSON.parse(line);
  if (!Value.Check(Manifest, manifest))
    throw new StartError(`${manifestName} is of a format that this version does not know`);
  return manifest;
}

function sealed(line: string): string {
  return `${line}\n${hash('sha256', line)}\n`;
}
