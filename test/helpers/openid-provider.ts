// A real OpenID provider on this machine, with what tests do to it: new keys, silence, tokens that it would never make.
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
} from 'jose';
import Provider from 'oidc-provider';

/** The audience of tokens for the API. */
export const audience = 'https://cellar.test';

type Claims = Readonly<Record<string, unknown>>;
type Signer = { readonly privateKey: CryptoKey; readonly jwk: JWK; readonly kid: string };

export type ProviderSettings = {
  /** What the provider says of whom: of programs with `token`, and of people who log in by that name. */
  readonly claims: Readonly<Record<string, Claims>>;
  /** Of the service that people log in to. */
  readonly redirectUris?: readonly string[];
};

export const webClient = { id: 'cellar-web', secret: 'a-secret-of-the-web-client-0123456789' };

export class OpenidProvider implements AsyncDisposable {
  readonly #settings: ProviderSettings;
  readonly #server: Server;
  #port = 0;
  #signer!: Signer;
  #answer!: RequestListener;
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  /** Answers in the place of the provider where it gives true. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;

  private constructor(settings: ProviderSettings) {
    this.#settings = settings;
    this.#server = createServer((request, response) => {
      this.asked.push(request.url!.split('?', 1)[0]!);
      if (!this.instead(request, response)) this.#answer(request, response);
    });
  }

  static async open(settings: ProviderSettings): Promise<OpenidProvider> {
    const provider = new OpenidProvider(settings);
    await provider.comeBack();
    await provider.changeKeys();
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** How often the address was asked for. */
  count(path: string): number {
    return this.asked.filter((one) => one === path).length;
  }

  /** From now on it signs with a new key, and shows no other. */
  async changeKeys(): Promise<void> {
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const kid = `key-${Math.random().toString(36).slice(2)}`;
    const jwk = { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
    this.#signer = { privateKey, jwk, kid };
    this.#answer = providerOf(this.issuer, jwk, this.#settings).callback();
  }

  /** Nobody listens at its address any more. */
  async goAway(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async comeBack(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** A token that the provider itself makes for a program. */
  async token(clientId: string): Promise<string> {
    const response = await fetch(`${this.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        client_secret: secretOf(clientId),
        resource: audience,
      }),
    });
    if (response.status !== 200) throw new Error(await response.text());
    return ((await response.json()) as { access_token: string }).access_token;
  }

  /** A token with the signature of the provider, and any content. `now` in ms since 1970. */
  async forge(now: number, claims: JWTPayload, header: Partial<JWTHeaderParameters> = {}) {
    const seconds = Math.floor(now / 1000);
    const usual = { iss: this.issuer, aud: audience, sub: 'kim', exp: seconds + 600, iat: seconds };
    return new SignJWT(present({ ...usual, ...claims }))
      .setProtectedHeader({ alg: 'RS256', kid: this.#signer.kid, ...header })
      .sign(this.#signer.privateKey);
  }

  /** What everybody may know of its key. */
  get publicKey(): JWK {
    const { kty, n, e, kid, alg, use } = this.#signer.jwk;
    return present({ kty, n, e, kid, alg, use }) as JWK;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.goAway();
  }
}

/** Without what is undefined. */
function present<Item extends object>(item: Item): Item {
  return Object.fromEntries(
    Object.entries(item).filter(([, value]) => value !== undefined),
  ) as Item;
}

function secretOf(clientId: string): string {
  return `a-secret-of-${clientId}-0123456789abcdef`;
}

function providerOf(issuer: string, jwk: JWK, { claims, redirectUris }: ProviderSettings) {
  return new Provider(issuer, {
    jwks: { keys: [jwk] },
    clients: [
      ...Object.keys(claims).map((clientId) => ({
        client_id: clientId,
        client_secret: secretOf(clientId),
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
      })),
      ...(redirectUris === undefined
        ? []
        : [
            {
              client_id: webClient.id,
              client_secret: webClient.secret,
              grant_types: ['authorization_code'],
              redirect_uris: [...redirectUris],
            },
          ]),
    ],
    claims: { openid: ['sub'], cellar: ['tenant', 'role', 'groups'] },
    conformIdTokenClaims: false,
    cookies: { keys: ['a-key-of-a-test'] },
    findAccount: async (_context, accountId) => ({
      accountId,
      claims: async () => ({ sub: accountId, ...claims[accountId] }),
    }),
    extraTokenClaims: async (_context, token) => ({ ...claims[token.clientId ?? ''] }),
    ttl: {
      AccessToken: 600,
      AuthorizationCode: 60,
      ClientCredentials: 600,
      Grant: 600,
      IdToken: 600,
      Interaction: 600,
      Session: 600,
    },
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async () => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'RS256' } },
        }),
      },
    },
  });
}
