// A browser as far as logging in needs one: cookies, redirects, forms, and what browsers say of where a request comes from.
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AccessWorld } from './access-world.ts';

export type Page = { url: URL; status: number; headers: Headers; text: string };

/** Sends one request, and does not follow where it leads. */
export type Send = (url: URL, init: RequestInit) => Promise<Page>;

const redirectsMax = 20;

export class Browser {
  /** By host name, as browsers have them, and by name. */
  readonly cookies = new Map<string, Map<string, string>>();
  /** What was set, with its attributes, in order. */
  readonly set: string[] = [];
  readonly #send: Send;

  constructor(send: Send = sendOverNetwork) {
    this.#send = send;
  }

  /** Goes there as if somebody had typed it, and to where that leads; up to `until`, which is not asked for. */
  async visit(
    url: string | URL,
    init: RequestInit = {},
    until: (url: URL) => boolean = () => false,
  ): Promise<Page> {
    let next = { url: new URL(url), init, site: 'none' };
    for (let i = 0; i < redirectsMax; i++) {
      const headers = {
        ...Object.fromEntries(new Headers(next.init.headers)),
        'sec-fetch-site': next.site,
        'sec-fetch-mode': 'navigate',
        'sec-fetch-dest': 'document',
      };
      const page = await this.request(next.url, { ...next.init, headers });
      const location = page.headers.get('location');
      if (page.status < 300 || page.status > 399 || location === null) return page;
      const target = new URL(location, next.url);
      if (until(target)) return { ...page, url: target };
      // A way that has once led over another site stays that.
      const isOwn = target.origin === next.url.origin && next.site !== 'cross-site';
      next = { url: target, init: {}, site: isOwn ? next.site : 'cross-site' };
    }
    throw new Error('too many redirects');
  }

  /** One request with the cookies of its host. */
  async request(url: string | URL, init: RequestInit = {}): Promise<Page> {
    const target = new URL(url);
    const jar = this.cookies.get(target.hostname) ?? new Map<string, string>();
    this.cookies.set(target.hostname, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = new Headers(init.headers);
    if (cookie !== '') headers.set('cookie', cookie);
    const page = await this.#send(target, { ...init, headers, redirect: 'manual' });
    for (const text of page.headers.getSetCookie()) {
      this.set.push(text);
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text)!;
      const isGone = /max-age=0(;|$)|expires=thu, 01 jan 1970/i.test(text);
      if (isGone) jar.delete(name!);
      else jar.set(name!, value!);
    }
    return page;
  }

  /** Sends the form of a page, with what was filled in. */
  async submit(
    page: Page,
    fields: Record<string, string>,
    until?: (url: URL) => boolean,
  ): Promise<Page> {
    const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1];
    if (action === undefined) throw new Error(`no form: ${page.status} ${page.text}`);
    const hidden = [...page.text.matchAll(/<input type="hidden" name="(\w+)" value="([^"]*)"/g)];
    const body = new URLSearchParams({
      ...Object.fromEntries(hidden.map(([, name, value]) => [name!, value!])),
      ...fields,
    });
    const init = { method: 'POST', body, headers: { origin: page.url.origin } };
    return this.visit(new URL(action, page.url), init, until);
  }

  /** From the address of the log-in through the provider's pages, as a user of that name. */
  async logIn(url: string, user: string, until?: (url: URL) => boolean): Promise<Page> {
    const login = await this.visit(url, {}, until);
    // Nor does whoever is logged in at the provider log in there again.
    if (!login.text.includes('<form')) return login;
    const consent = await this.submit(login, { login: user, password: 'any' }, until);
    // Whoever has agreed before is not asked again.
    return /name="prompt" value="consent"/.test(consent.text)
      ? this.submit(consent, {}, until)
      : consent;
  }
}

/** By hand: `fetch` of Node says by itself in which way it was asked. */
async function sendOverNetwork(url: URL, init: RequestInit): Promise<Page> {
  const isForm = init.body instanceof URLSearchParams;
  const content = init.body === undefined ? '' : String(init.body);
  const outgoing = request(url, {
    method: init.method ?? 'GET',
    headers: {
      ...Object.fromEntries(new Headers(init.headers)),
      'content-length': String(Buffer.byteLength(content)),
      ...(isForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
    agent: false,
  });
  outgoing.end(content);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk;
  return { url, status: response.statusCode!, headers: headersOf(response.headers), text: body };
}

function headersOf(given: Readonly<Record<string, unknown>>): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(given))
    for (const one of [value].flat()) headers.append(name, String(one));
  return headers;
}

/** Over the network, but for the service, which is handed what is sent to it under its public address. */
export function sendTo(world: AccessWorld, publicUrl: string): Send {
  return async (url, init) => {
    if (url.origin !== publicUrl) return sendOverNetwork(url, init);
    const reply = await world.server.inject({
      method: (init.method ?? 'GET') as 'GET',
      url: `${url.pathname}${url.search}`,
      headers: { host: url.host, ...Object.fromEntries(new Headers(init.headers)) },
      ...(typeof init.body === 'string' ? { payload: init.body } : {}),
    });
    return { url, status: reply.statusCode, headers: headersOf(reply.headers), text: reply.body };
  };
}
