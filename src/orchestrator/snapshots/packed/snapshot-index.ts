// The index of one snapshot: which parts it is made of and where they are. Two lines of text: the index as JSON, and the
// SHA-256 of that line, so that damage is noticed before anything is believed.
import { hash } from 'node:crypto';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { partBytesMax } from './content-parts.ts';

/** 2: parts are larger. */
const formatVersion = 2;

const Digest = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Count = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const PartBytes = Type.Integer({ minimum: 1, maximum: partBytesMax });

const SnapshotIndex = Type.Object(
  {
    format: Type.Literal(formatVersion),
    tenant: Type.String(),
    snapshotId: Type.String(),
    sizeBytes: Count,
    checksum: Digest,
    /** The packs that hold its parts, by their ids. */
    packs: Type.Array(Type.String({ pattern: '^[0-9a-f]{32}$' })),
    /** In the order of the content: digest, size, which of the packs, offset in it, bytes stored there. */
    parts: Type.Array(Type.Tuple([Digest, PartBytes, Count, Count, PartBytes])),
  },
  { additionalProperties: false },
);

export type SnapshotIndex = Static<typeof SnapshotIndex>;

/** Where a part is stored. */
export type Place = {
  readonly pack: string;
  readonly offset: number;
  readonly storedBytes: number;
};

export type IndexedPart = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly place: Place;
};

export type Snapshot = {
  readonly tenant: string;
  readonly snapshotId: string;
  readonly sizeBytes: number;
  readonly checksum: string;
  readonly parts: readonly IndexedPart[];
};

const checker = Compile(SnapshotIndex);

export function encodeIndex({ parts, ...snapshot }: Snapshot): string {
  const packs = new Map<string, number>();
  for (const { place } of parts) if (!packs.has(place.pack)) packs.set(place.pack, packs.size);
  const index: SnapshotIndex = {
    format: formatVersion,
    ...snapshot,
    packs: [...packs.keys()],
    parts: parts.map(({ digest, sizeBytes, place }) => [
      digest,
      sizeBytes,
      packs.get(place.pack)!,
      place.offset,
      place.storedBytes,
    ]),
  };
  return sealed(JSON.stringify(index));
}

/** Null when the text is not what was written for this snapshot. */
export function decodeIndex(text: string, tenant: string, snapshotId: string): Snapshot | null {
  const line = text.slice(0, text.indexOf('\n'));
  if (text !== sealed(line)) return null;
  const index: unknown = JSON.parse(line);
  if (!checker.Check(index)) return null;
  if (index.tenant !== tenant || index.snapshotId !== snapshotId) return null;
  const parts: IndexedPart[] = [];
  for (const [partDigest, sizeBytes, number, offset, storedBytes] of index.parts) {
    const pack = index.packs[number];
    if (pack === undefined || storedBytes > sizeBytes) return null;
    parts.push({ digest: partDigest, sizeBytes, place: { pack, offset, storedBytes } });
  }
  return { tenant, snapshotId, sizeBytes: index.sizeBytes, checksum: index.checksum, parts };
}

function sealed(line: string): string {
  return `${line}\n${hash('sha256', line)}\n`;
}
