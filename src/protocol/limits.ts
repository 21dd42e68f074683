// Every size and count that crosses the boundary, in one place. The other side is hostile: a number missing here
// is a number it may choose.

/** Version of the messages in this zone. Both sides refuse a peer that speaks another one. */
export const protocolVersion = 1;

export const limits = {
  /** One newline-delimited message on the channel, either way. */
  lineBytesMax: 4 * 1024 * 1024,
  /** Source text of one execution, UTF-16 units. */
  codeLengthMax: 1024 * 1024,
  /** Text of one output event, UTF-16 units; longer writes are split. */
  outputChunkLengthMax: 64 * 1024,
  /** Standard input given with an execution, UTF-16 units. */
  stdinLengthMax: 1024 * 1024,
  /** Request or reply body of one ordinary request on the link. */
  bodyBytesMax: 4 * 1024 * 1024,
  /** What may be on its way in one stream, and in all of a link: whoever is sent it may have to hold it. With less, archives travel at half the speed. */
  streamWindowBytes: 256 * 1024,
  linkWindowBytes: 512 * 1024,
  /** Saved state of one session. */
  imageBytesMax: 1024 * 1024 * 1024,
  /** Executions that wait in one session. */
  queueLengthMax: 64,
  /** Events the agent keeps until the orchestrator has acknowledged them. */
  unacknowledgedEventsMax: 4096,
  /** Bytes of those events, as lines. */
  unacknowledgedBytesMax: 8 * 1024 * 1024,
  /** Certificate authorities of the operator. */
  certificatesLengthMax: 256 * 1024,
  /** Longest identifier: ids, variable names, labels. */
  nameLengthMax: 256,
  /** Error messages, previews. */
  textLengthMax: 8 * 1024,
  stackFramesMax: 100,
  warningsMax: 100,
  /** Nodes in one described value, and how deep it goes. */
  valueNodesMax: 10_000,
  valueDepthMax: 16,
  /** Objects and arrays inside one another in any message; an inspected value takes three for each of its levels. */
  nestingDepthMax: 64,
  variablesMax: 10_000,
  /** Names in one `variables` report of an execution's end. */
  changedNamesMax: 1_000,
  /** Functions, lines and nodes of the call tree in one profile. */
  profileFunctionsMax: 250,
  profileLinesMax: 1_000,
  profileNodesMax: 2_000,
  /** A profile as JSON. */
  profileBytesMax: 512 * 1024,
  executionMsMax: 24 * 60 * 60 * 1000,
  /** Path of a file below the workspace, UTF-8 bytes, and how many names it may have. */
  filePathBytesMax: 4096,
  filePathNamesMax: 128,
  /** The line before the bytes of a file. */
  fileLineBytesMax: 32 * 1024,
  /** Entries in one page of a listing, and what one listing may have to look through. */
  fileEntriesMax: 200,
  filesListedMax: 100_000,
} as const;

if (limits.outputChunkLengthMax * 6 >= limits.lineBytesMax)
  throw new Error('an output chunk must fit a line');
if (limits.lineBytesMax > limits.unacknowledgedBytesMax)
  throw new Error('a line must fit the event buffer');
if (limits.filePathBytesMax * 6 >= limits.fileLineBytesMax)
  throw new Error('a path must fit its line, whatever is escaped in it');
if (limits.valueDepthMax * 3 + 4 > limits.nestingDepthMax)
  throw new Error('the deepest inspected value must fit a message');
