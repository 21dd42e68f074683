// What goes on of the headers of a request or a response, and what is between two neighbours only. Pure.

/** RFC 9110, 7.6.1, and what older peers take for such. */
const hopByHop: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding'],
  ...['upgrade', 'proxy-authorization', 'proxy-authenticate', 'proxy-authentication-info'],
  // SECURITY: a host must not be able to speak in the proxy's name.
  'proxy-status',
  // Answered by each hop for itself.
  'expect',
]);

/** `raw`: names and values in turn, as Node gives and takes them. */
export function forwardedHeaders(raw: readonly string[]): string[] {
  const fields = pairs(raw);
  const named = fields
    .filter(([name]) => name.toLowerCase() === 'connection')
    .flatMap(([, value]) => value.split(',').map((item) => item.trim().toLowerCase()));
  const dropped = new Set([...hopByHop, ...named]);
  return fields.filter(([name]) => !dropped.has(name.toLowerCase())).flat();
}

/** As `forwardedHeaders`, with the one `Host` that the target says, whatever else was sent as that. */
export function requestHeaders(raw: readonly string[], host: string): string[] {
  const fields = pairs(forwardedHeaders(raw)).filter(([name]) => name.toLowerCase() !== 'host');
  return ['Host', host, ...fields.flat()];
}

function pairs(raw: readonly string[]): [string, string][] {
  const fields: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    fields.push([raw[index]!, raw[index + 1]!]);
  return fields;
}
