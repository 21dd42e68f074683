// The certificate that clients are shown. It is read again when its files change: new connections get the new one, those that are open go on.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Server, ServerOptions } from 'node:https';
import { createSecureContext } from 'node:tls';
import type { Config } from '../config/config.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Log } from '../foundation/log.ts';
import { StartError } from '../foundation/start-error.ts';

export type TlsFiles = { readonly certFile: string; readonly keyFile: string };

export type TlsCertificateOptions = TlsFiles & { readonly clock: Clock; readonly log: Log };

/** What is written as a link to another place, or over a network, announces no change: so the files are looked at. */
const lookMs = 10_000;

type Loaded = {
  readonly cert: string;
  readonly key: string;
  /** Milliseconds since 1970, of the service's own. */
  readonly expiresAt: number;
};

export class TlsCertificate implements Disposable {
  readonly #options: TlsCertificateOptions;
  readonly #servers: Server[] = [];
  #loaded: Loaded;
  /** What was refused last, so that it is told once. */
  #refused: string | null = null;
  #cancel = () => {};
  #closed = false;

  private constructor(options: TlsCertificateOptions, loaded: Loaded) {
    this.#options = options;
    this.#loaded = loaded;
    this.#lookLater();
  }

  /** Throws StartError that names the file that is no good. */
  static async open(options: TlsCertificateOptions): Promise<TlsCertificate> {
    const files = await readFiles(options);
    const loaded = parse(files, options);
    if (loaded.expiresAt <= options.clock.now())
      options.log.warn({ expiresAt: new Date(loaded.expiresAt) }, 'the certificate has expired');
    return new TlsCertificate(options, loaded);
  }

  get expiresAt(): number {
    return this.#loaded.expiresAt;
  }

  get serverOptions(): Pick<ServerOptions, 'cert' | 'key' | 'minVersion'> {
    const { cert, key } = this.#loaded;
    // SECURITY: what is older has known ways in.
    return { cert, key, minVersion: 'TLSv1.2' };
  }

  /** From now on this server shows the newest one. */
  serve(server: Server): void {
    this.#servers.push(server);
  }

  /** Looks at the files; what is no good changes nothing and is told in the log. */
  async reload(): Promise<void> {
    const { log } = this.#options;
    let files: Files | null = null;
    try {
      files = await readFiles(this.#options);
      if (files.cert === this.#loaded.cert && files.key === this.#loaded.key) return;
      this.#loaded = parse(files, this.#options);
    } catch (error) {
      const what = files === null ? String(error) : files.cert + files.key;
      if (what !== this.#refused) log.error({ err: error }, 'the new certificate is not taken');
      this.#refused = what;
      return;
    }
    this.#refused = null;
    for (const server of this.#servers) server.setSecureContext(this.serverOptions);
    log.info({ expiresAt: new Date(this.expiresAt) }, 'a new certificate is shown');
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#cancel();
  }

  #lookLater(): void {
    this.#cancel = this.#options.clock.after(lookMs, () => {
      void this.reload().then(() => {
        if (!this.#closed) this.#lookLater();
      });
    });
  }
}

/** Null where the settings name none. Throws StartError. */
export async function openCertificate(
  { tlsCertFile: certFile, tlsKeyFile: keyFile }: Pick<Config, 'tlsCertFile' | 'tlsKeyFile'>,
  clock: Clock,
  log: Log,
): Promise<TlsCertificate | null> {
  if (certFile === undefined || keyFile === undefined) return null;
  return await TlsCertificate.open({ certFile, keyFile, clock, log });
}

type Files = { readonly cert: string; readonly key: string };

async function readFiles({ certFile, keyFile }: TlsFiles): Promise<Files> {
  const [cert, key] = await Promise.all([
    readPart('CELLAR_TLS_CERT_FILE', certFile),
    readPart('CELLAR_TLS_KEY_FILE', keyFile),
  ]);
  return { cert, key };
}

async function readPart(setting: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new StartError(`${setting} cannot be read: ${path}`, { cause });
  }
}

/** SECURITY: nothing of the key is in a message. */
function parse({ cert, key }: Files, { certFile, keyFile }: TlsFiles): Loaded {
  const certificate = attempt(
    () => new X509Certificate(cert),
    `${certFile} (CELLAR_TLS_CERT_FILE) is no certificate in PEM`,
  );
  const privateKey = attempt(
    () => createPrivateKey(key),
    `${keyFile} (CELLAR_TLS_KEY_FILE) is no private key in PEM without a password`,
  );
  if (!certificate.checkPrivateKey(privateKey))
    throw new StartError(`The key in ${keyFile} is not that of the certificate in ${certFile}.`);
  attempt(() => createSecureContext({ cert, key }), `${certFile} and ${keyFile} cannot be used`);
  return { cert, key, expiresAt: certificate.validToDate.getTime() };
}

function attempt<Result>(work: () => Result, refusal: string): Result {
  try {
    return work();
  } catch {
    throw new StartError(refusal);
  }
}
