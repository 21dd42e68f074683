// Logging in with a browser: to the provider and back, and then a log-in of our own that a cookie shows.
import type { Principal } from '../auth/authenticator.ts';
import type { BegunLogin, CodeFlow } from '../auth/oidc/code-flow.ts';
import type { Seal } from '../auth/oidc/sealed-record.ts';
import type { TokenAuthenticator } from '../auth/oidc/token-authenticator.ts';
import { AppError } from '../foundation/errors.ts';
import type { Logins } from './logins.ts';

/** What the browser keeps while its user is at the provider. */
export type LoginUnderWay = BegunLogin & { readonly returnTo: string };

export type BrowserLoginsOptions = {
  /** Under which browsers reach the service: scheme, name and port. */
  readonly publicUrl: string;
  readonly flow: CodeFlow;
  readonly seal: Seal<LoginUnderWay>;
  readonly authenticator: TokenAuthenticator;
  /** For whom ID tokens are. */
  readonly clientId: string;
  readonly logins: Logins;
};

/** How long somebody may take at the provider. */
export const underWayMsMax = 10 * 60_000;

export class BrowserLogins {
  readonly #options: BrowserLoginsOptions;

  constructor(options: BrowserLoginsOptions) {
    this.#options = options;
  }

  get publicUrl(): string {
    return this.#options.publicUrl;
  }

  /** Null for what opens nothing, or not any more. */
  authenticate(shown: string): Principal | null {
    return this.#options.logins.authenticate(shown);
  }

  /** `location` is where the browser goes, `sealed` what it brings back. Throws `provider_unavailable`. */
  async begin(returnTo: string): Promise<{ readonly location: string; readonly sealed: string }> {
    const { location, begun } = await this.#options.flow.begin();
    return { location, sealed: await this.#options.seal.close({ ...begun, returnTo }) };
  }

  /**
   * `query`: what the provider has sent the browser back with; `earlier`: what the browser showed before, which ends. Throws
   * `login_failed`, `forbidden` for somebody who has no tenant or role here, and `provider_unavailable`.
   */
  async finish(
    query: string,
    sealed: string | undefined,
    earlier: string | undefined,
  ): Promise<{ readonly shown: string; readonly principal: Principal; readonly returnTo: string }> {
    const { flow, seal, logins } = this.#options;
    const underWay = sealed === undefined ? null : await seal.open(sealed);
    // SECURITY: else a page could log somebody in as somebody else, with a code of its own.
    if (underWay === null) {
      throw new AppError('login_failed', {
        reason: 'login_unknown',
        detail: 'This log-in was not begun in this browser, or too long ago. Begin anew.',
      });
    }
    const user = await this.#userOf(await flow.finish(query, underWay));
    if (earlier !== undefined) await logins.end(earlier, false);
    return { ...(await logins.begin(user)), returnTo: underWay.returnTo };
  }

  /** What was opened with it is closed; `everywhere`: with all log-ins of the same user. */
  async end(shown: string, everywhere: boolean): Promise<void> {
    await this.#options.logins.end(shown, everywhere);
  }

  async #userOf(idToken: string) {
    const { authenticator, clientId } = this.#options;
    try {
      const { subject, tenant, role } = await authenticator.userOf(idToken, clientId);
      return { subject, tenant, role };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'unauthenticated') throw error;
      const { detail = '', reason = '' } = error;
      throw new AppError('login_failed', { reason, detail, cause: error.cause });
    }
  }
}
