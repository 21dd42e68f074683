// What the registry knows of a version, as a document that travels before its archive: which one it was, and which one it grew from.
// SECURITY: one that comes from elsewhere is a claim. It is checked, and nothing is made of it but a refusal.
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { parseMessage } from '#protocol';
import type { SnapshotRecord } from '../registry/records.ts';
import { refusal } from './archive-refusal.ts';

/** Grows when an older service could misread the document; fields may be added without that. */
const documentFormat = 1;

/** Of the document as JSON text. */
export const versionDocumentBytesMax = 4096;

const Count = Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });
const shape = Compile(
  Type.Object({
    format: Type.Literal(documentFormat),
    language: Type.String({ minLength: 1, maxLength: 200 }),
    version: Count,
    parent: Type.Union([Count, Type.Null()]),
    label: Type.Union([Type.String({ maxLength: 200 }), Type.Null()]),
    /** Milliseconds since 1970. */
    createdAt: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  }),
);
const formatShape = Compile(Type.Object({ format: Type.Integer({ minimum: documentFormat + 1 }) }));

export function encodeVersion(record: SnapshotRecord): Buffer {
  const { language, version, parent, label, createdAt } = record;
  const document = { format: documentFormat, language, version, parent, label, createdAt };
  return Buffer.from(JSON.stringify(document));
}

/** Throws AppError `snapshot_refused` for what is no such document, `snapshot_unsupported` for a newer one and for another language. */
export function checkVersion(bytes: Buffer, language: string): void {
  let document: unknown;
  try {
    document = parseMessage(bytes);
  } catch (cause) {
    throw refusal('document_malformed', cause);
  }
  if (formatShape.Check(document)) throw refusal('format_newer');
  if (!shape.Check(document)) throw refusal('document_malformed');
  if (document.language !== language) throw refusal('language_differs');
}
