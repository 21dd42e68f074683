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
  /** GET and PUT, bodies being bytes of any length: the session's saved state. Waits for executions that came before. */
  image: '/image',
} as const;
