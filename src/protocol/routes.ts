// The requests that the agent serves on the link (it is the HTTP/2 server; the orchestrator asks).
// One table, so that both sides name a path once.

/** Path and schemas live in messages.ts under the same names. */
export const routes = {
  /** First request after every dial: who are you, which events do you still hold? */
  hello: '/hello',
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
} as const;

/** Comes with `yes` after a reply of bytes that is whole: without it, it was broken off. */
export const wholeTrailer = 'cellar-whole';
