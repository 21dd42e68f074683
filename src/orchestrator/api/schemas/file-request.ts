// What clients may send about files, as closed schemas; headers are open, those that we read are checked.
import { Type } from 'typebox';
import { limits } from '#protocol';
import { PageQuery, SessionParams } from './request.ts';

const closed = { additionalProperties: false } as const;

export const FileParams = Type.Object(
  {
    ...SessionParams.properties,
    '*': Type.String({
      minLength: 1,
      maxLength: limits.filePathBytesMax,
      description: 'Path below the workspace: names with slashes between them.',
    }),
  },
  closed,
);

export const ListFilesQuery = Type.Object(
  {
    path: Type.Optional(
      Type.String({
        maxLength: limits.filePathBytesMax,
        description: 'A directory; the workspace itself without it.',
      }),
    ),
    recursive: Type.Optional(
      Type.Boolean({
        description: 'With what is in its directories: after their own entries, one by one.',
      }),
    ),
    ...PageQuery.properties,
  },
  closed,
);

export const DeleteFileQuery = Type.Object(
  {
    recursive: Type.Optional(Type.Boolean({ description: 'A directory with all that is in it.' })),
  },
  closed,
);

const HeaderText = (description: string) =>
  Type.Optional(Type.String({ maxLength: 4096, description }));

export const PreconditionHeaders = Type.Object({
  'if-match': HeaderText('Entity tags, or `*` for any file: otherwise 412.'),
  'if-none-match': HeaderText('Entity tags, or `*` for any file: what a change must not meet.'),
  'if-unmodified-since': HeaderText('A date: 412 for a file that is newer.'),
});

export const ReadFileHeaders = Type.Object({
  ...PreconditionHeaders.properties,
  'if-modified-since': HeaderText('A date: 304 for a file that is not newer.'),
  range: HeaderText('One range of bytes: `bytes=0-99`, `bytes=100-`, `bytes=-100`.'),
  'if-range': HeaderText('The entity tag or date that a range is a part of; else all is sent.'),
});

export const WriteFileHeaders = Type.Object({
  ...PreconditionHeaders.properties,
  // A part that was meant to be put into a file must not take the place of the whole.
  'content-range': Type.Optional(Type.Never()),
});
