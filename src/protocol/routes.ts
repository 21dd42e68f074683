// The requests that the agent serves on the link (it is the HTTP/2 server; the orchestrator asks).
// One table, so that both sides name a path once.

/** Path and schemas live in messages.ts under the same names. */
export const routes = {
  /** First request after every dial: who are you, which events do you still hold? */
  hello: '/hello',
  /** For a fresh sandbox that will wait for its session: answered when nothing is left to be loaded. */
  prepare: '/prepare',
  /** Gives a fresh sandbox its session; later, changes that session's settings. */
  configure: '/configure',
  /** One bidirectional stream: commands up as lines, numbered events down as lines. */
  channel: '/channel',
  variables: '/variables',
  inspect: '/inspect',
  /** The session's state; the reply's body is an archive that only agents read. Waits for the running execution. */
  snapshot: '/snapshot',
  /** The request's body is such an archive, for an agent whose session has done nothing yet. */
  restore: '/restore',
  /** As `restore`, for a session of its own: what is random in it goes another way. */
  fork: '/fork',
  /** As `restore`, without the values that are in it. */
  restoreFiles: '/restore-files',
  /** Ends what runs and forgets every value, whatever the engine is at. The files stay. */
  reset: '/reset',
  /** A page of the workspace's entries. */
  files: '/files',
  fileStatus: '/files/status',
  /**
   * A line says which file. The reply begins with a line, its status, and goes on with the bytes that a second line of the request
   * asks for: all of it is about the file as it was opened, whatever takes its place meanwhile.
   */
  fileRead: '/files/read',
  /** A line says which file, and the bytes after it become that file when all of them have come. */
  fileWrite: '/files/write',
  fileRemove: '/files/remove',
} as const;

/** Comes with `yes` after a body of bytes that is whole, either way: without it, it was broken off. */
export const wholeTrailer = 'cellar-whole';
