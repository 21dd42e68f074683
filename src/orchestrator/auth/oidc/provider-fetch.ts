// The one way to the OpenID provider. SECURITY: every request has a deadline and every answer a largest size, and no answer leads to
// another address: whoever speaks for the provider must not make the service ask others.

export type ProviderFetch = (url: string, options?: RequestInit) => Promise<Response>;

/** A document of a provider is a few kilobytes; one with many keys some tens. */
const answerBytesMax = 256 * 1024;

/** `requestMsMax`: until the last byte of the answer. */
export function providerFetch(requestMsMax: number): ProviderFetch {
  return async (url, options = {}) => {
    const deadline = AbortSignal.timeout(requestMsMax);
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
    const response = await fetch(url, { ...options, redirect: 'manual', signal });
    const body = await bodyOf(response);
    return new Response(body.length === 0 ? null : body, {
      status: response.status,
      headers: response.headers,
    });
  };
}

/** What is too large is given up as soon as that is seen; bytes are counted after decompression. */
async function bodyOf(response: Response): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > answerBytesMax) throw new Error(`more than ${answerBytesMax} bytes came`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
