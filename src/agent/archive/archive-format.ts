// The archive of a session's state: one tar, in this order, every name below one of these.
//   manifest.json    what the archive is of; whoever reads decides by it whether to go on
//   workspace/…      the session's files: directories before what is in them, links last
//   heap/000000 …    the engine's image, cut into pieces because a tar must know each size beforehand
//   summary.json     counts, and a digest of everything before it: an archive without it is not whole

/**
 * Grows when an older agent could misread the archive; a newer agent reads older ones.
 *   1  the manifest has no version of the language, which was the first one then
 *   2  the manifest has it
 */
export const archiveFormatVersion = 2;

export const manifestName = 'manifest.json';
export const workspacePrefix = 'workspace/';
export const heapPrefix = 'heap/';
export const summaryName = 'summary.json';

/** Bytes of one piece of the heap image; the last one is shorter. */
export const heapPieceBytes = 1024 * 1024;

/** Entries that are read into memory whole. */
export const documentBytesMax = 64 * 1024;

export type ArchiveManifest = {
  readonly format: number;
  readonly language: string;
  /** Version of the language that the session's programs were in. */
  readonly languageVersion: number;
  /** Name and version of what wrote the heap image. */
  readonly engine: string;
};

export type ArchiveSummary = {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  /** Of all files together. */
  readonly fileBytes: number;
  readonly heapBytes: number;
  /** Files of a kind that no archive holds (sockets, devices, links that leave the workspace), and names that are no text. */
  readonly omitted: number;
  /** SHA-256 over all entries before this one, hexadecimal; see EntryDigest. */
  readonly digest: string;
};

/** What an archive may hold at most. Reading counts for itself, whatever the archive says. */
export type ArchiveLimits = {
  readonly entriesMax: number;
  readonly fileBytesMax: number;
  readonly heapBytesMax: number;
};
