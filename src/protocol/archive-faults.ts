// Why an archive of a session's state is not taken, as a closed list: an agent names one of these, and its own words go no further than
// the log.

/** By name: what it comes as, and what it means to whoever sent the archive. */
export const archiveFaults = {
  compression_malformed: {
    code: 'archive_malformed',
    meaning: 'The body is no zstd stream, or it is damaged or cut off.',
  },
  not_an_archive: {
    code: 'archive_malformed',
    meaning: 'This is no tar, or it is damaged or cut off.',
  },
  history_malformed: {
    code: 'archive_malformed',
    meaning: 'The history in the archive is malformed.',
  },
  manifest_missing: {
    code: 'archive_malformed',
    meaning: 'The archive does not begin with its manifest.',
  },
  document_malformed: {
    code: 'archive_malformed',
    meaning: 'A document in the archive is malformed or too large.',
  },
  incomplete: { code: 'archive_malformed', meaning: 'The archive ends before its summary.' },
  contents_differ: {
    code: 'archive_malformed',
    meaning: 'The contents are not those that the summary tells of.',
  },
  out_of_order: {
    code: 'archive_malformed',
    meaning: 'The parts of the archive are out of order.',
  },
  entry_duplicate: { code: 'archive_malformed', meaning: 'Two entries have the same name.' },
  entry_without_directory: {
    code: 'archive_malformed',
    meaning: 'The directory of an entry is missing.',
  },
  heap_piece_missing: { code: 'archive_malformed', meaning: 'A piece of the values is missing.' },
  entry_unknown: { code: 'archive_refused', meaning: 'An entry does not belong in an archive.' },
  entry_outside_workspace: {
    code: 'archive_refused',
    meaning: 'The name of an entry leads out of the workspace.',
  },
  entry_name_too_long: {
    code: 'archive_refused',
    meaning: 'The name of an entry is too long, or too many directories deep.',
  },
  entry_kind_refused: {
    code: 'archive_refused',
    meaning: 'An entry is neither a file nor a directory nor a symbolic link.',
  },
  entry_extension_refused: {
    code: 'archive_refused',
    meaning: 'An entry uses an extension of the tar format that no archive needs.',
  },
  entry_attributes_refused: {
    code: 'archive_refused',
    meaning: 'An entry has an impossible size or time.',
  },
  link_outside_workspace: {
    code: 'archive_refused',
    meaning: 'A symbolic link leads out of the workspace.',
  },
  too_many_entries: { code: 'archive_too_large', meaning: 'There are too many files.' },
  files_too_large: {
    code: 'archive_too_large',
    meaning: 'The files do not fit into the workspace.',
  },
  values_too_large: { code: 'archive_too_large', meaning: 'The values are over their limit.' },
  format_newer: {
    code: 'archive_unsupported',
    meaning: 'The archive has a newer format than this version reads.',
  },
  language_differs: {
    code: 'archive_unsupported',
    meaning: 'The archive is of a session in another language.',
  },
  language_newer: {
    code: 'archive_unsupported',
    meaning: 'The archive is of a session in a newer version of the language.',
  },
  values_malformed: {
    code: 'image_refused',
    meaning: 'The engine cannot read the values: they are damaged, or of a newer engine.',
  },
} as const satisfies Record<string, { code: string; meaning: string }>;

export type ArchiveFault = keyof typeof archiveFaults;
export const archiveFaultNames = Object.keys(archiveFaults) as ArchiveFault[];
