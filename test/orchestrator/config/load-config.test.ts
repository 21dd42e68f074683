import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Config,
  factsOf,
  settingNames,
  variableOf,
} from '../../../src/orchestrator/config/config.ts';
import { loadConfig } from '../../../src/orchestrator/config/load-config.ts';
import { StartError } from '../../../src/orchestrator/foundation/start-error.ts';

const withoutDefault = [
  'metricsPort',
  'metricsToken',
  'apiKey',
  'egressCaFile',
  'tracesEndpoint',
  'tracesAuthorization',
  'oidcIssuer',
  'oidcAudience',
  'oidcTenantDefault',
  'oidcRoleDefault',
  'publicUrl',
  'oidcClientId',
  'oidcClientSecret',
  'oidcClientSecretFile',
  's3Bucket',
  'tlsCertFile',
  'tlsKeyFile',
  's3Region',
  's3Endpoint',
  'hostMemoryBytes',
  'hostCpus',
  'startsAtOnceMax',
  'tenantSessionsMax',
  'tenantMemoryBytesMax',
  'tenantCpusMax',
  'tenantLiveConnectionsMax',
  'tenantEventStreamsMax',
  'tenantRequestsMax',
  'requestsPerMinuteMax',
  'tenantExecutionsPerMinuteMax',
];

describe('loading the configuration', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cellar-config-'));
  });
  afterEach(() => rm(directory, { recursive: true }));

  const write = (settings: unknown, name = 'cellar.config.json') =>
    writeFile(
      join(directory, name),
      typeof settings === 'string' ? settings : JSON.stringify(settings),
    );

  async function problemsOf(environment: Record<string, string>): Promise<string[]> {
    const error = await loadConfig(environment, directory).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(StartError);
    return (error as StartError).message.split('\n  - ').slice(1);
  }

  it('wants what signing on needs, and nothing of it without a provider', async () => {
    expect(
      await problemsOf({
        CELLAR_OIDC_AUDIENCE: 'cellar',
        CELLAR_OIDC_ROLES: 'a=viewer',
        CELLAR_OIDC_ROLE_DEFAULT: 'viewer',
      }),
    ).toEqual([
      'CELLAR_OIDC_AUDIENCE needs CELLAR_OIDC_ISSUER',
      'CELLAR_OIDC_ROLES needs CELLAR_OIDC_ISSUER',
      'CELLAR_OIDC_ROLE_DEFAULT needs CELLAR_OIDC_ISSUER',
    ]);
    expect(await problemsOf({ CELLAR_OIDC_ISSUER: 'http://login.example.org' })).toEqual([
      'CELLAR_OIDC_ISSUER needs CELLAR_OIDC_AUDIENCE or CELLAR_OIDC_CLIENT_ID',
      'CELLAR_OIDC_ISSUER must be an https address, or one of this machine',
    ]);
    expect(
      await problemsOf({
        CELLAR_OIDC_CLIENT_SECRET: 'secret-1',
        CELLAR_OIDC_CLIENT_SECRET_FILE: 'file',
        CELLAR_PUBLIC_URL: 'http://cellar.example.org',
        CELLAR_OIDC_SCOPES: 'profile',
        CELLAR_LOGIN_MS_MAX: '60000',
      }),
    ).toEqual([
      expect.stringMatching(/^CELLAR_LOGIN_IDLE_MS_MAX must be <= CELLAR_LOGIN_MS_MAX/),
      'CELLAR_OIDC_CLIENT_SECRET needs CELLAR_OIDC_CLIENT_ID',
      'CELLAR_OIDC_CLIENT_SECRET_FILE needs CELLAR_OIDC_CLIENT_ID',
      'CELLAR_PUBLIC_URL must be an https address, or one of this machine',
      'CELLAR_OIDC_CLIENT_SECRET and CELLAR_OIDC_CLIENT_SECRET_FILE cannot both be set',
      'CELLAR_OIDC_SCOPES must have openid in it',
    ]);
    expect(await problemsOf({ CELLAR_OIDC_CLIENT_ID: 'cellar' })).toEqual([
      'CELLAR_OIDC_CLIENT_ID needs CELLAR_OIDC_ISSUER',
      'CELLAR_OIDC_CLIENT_ID needs CELLAR_PUBLIC_URL',
    ]);
    expect(
      await loadConfig(
        {
          CELLAR_OIDC_ISSUER: 'http://localhost:3000',
          CELLAR_OIDC_CLIENT_ID: 'cellar',
          CELLAR_PUBLIC_URL: 'http://127.0.0.1:8080/',
        },
        directory,
      ),
    ).toMatchObject({ oidcScopes: ['openid', 'profile'] });
    const right = { CELLAR_OIDC_ISSUER: 'https://login.example.org', CELLAR_OIDC_AUDIENCE: 'me' };
    expect(await loadConfig(right, directory)).toMatchObject({ oidcRoleClaim: 'role' });
    for (const [name, value] of [
      ['ALGORITHMS', 'RS256,HS256'],
      ['ALGORITHMS', 'none'],
      ['ROLES', 'a=root'],
      ['TENANTS', 'a=Red'],
      ['CLOCK_TOLERANCE_MS', '60001'],
    ])
      expect(await problemsOf({ ...right, [`CELLAR_OIDC_${name}`]: value! })).toHaveLength(1);
  });

  it('has a valid default for everything but the key and what follows from elsewhere', async () => {
    const config = await loadConfig({}, directory);
    expect(config).toMatchObject({
      host: '127.0.0.1',
      port: 8080,
      timeoutMs: 5000,
      allowedHosts: [],
    });
    expect(config.dataDir).toBe(join(directory, 'data'));
    expect(Object.keys(config).toSorted()).toEqual(
      settingNames.filter((name) => !withoutDefault.includes(name)).toSorted(),
    );
  });

  it('wants a certificate and its key together', async () => {
    expect(await problemsOf({ CELLAR_TLS_CERT_FILE: '/etc/cellar/cert.pem' })).toEqual([
      'CELLAR_TLS_CERT_FILE is set, so CELLAR_TLS_KEY_FILE must be set, too',
    ]);
    expect(await problemsOf({ CELLAR_TLS_KEY_FILE: '/etc/cellar/key.pem' })).toEqual([
      'CELLAR_TLS_KEY_FILE is set, so CELLAR_TLS_CERT_FILE must be set, too',
    ]);
  });

  it('wants a bucket where snapshots go to one, and an endpoint without a password', async () => {
    expect(await problemsOf({ CELLAR_SNAPSHOT_STORE: 's3' })).toEqual([
      'CELLAR_SNAPSHOT_STORE is s3, so CELLAR_S3_BUCKET must be set',
    ]);
    const environment = { CELLAR_SNAPSHOT_STORE: 's3', CELLAR_S3_BUCKET: 'states' };
    const config = await loadConfig(
      {
        ...environment,
        CELLAR_S3_PREFIX: 'cellar/one/',
        CELLAR_S3_ENDPOINT: 'http://[::1]:9000',
        CELLAR_S3_FORCE_PATH_STYLE: 'true',
      },
      directory,
    );
    expect(config).toMatchObject({ s3Bucket: 'states', s3ForcePathStyle: true });
    const problems = await problemsOf({
      ...environment,
      CELLAR_S3_ENDPOINT: 'https://user:secret@s3.example.org',
      CELLAR_S3_PREFIX: '/cellar',
      CELLAR_S3_FORCE_PATH_STYLE: 'yes',
    });
    expect(problems).toHaveLength(3);
    expect(problems.join()).not.toContain('secret');
  });

  it('gives the file precedence over defaults and the environment over the file', async () => {
    await write({ port: 1000, pids: 100, allowedOrigins: ['https://a.example'] });
    const config = await loadConfig({ CELLAR_PORT: '2000' }, directory);
    expect(config).toMatchObject({ port: 2000, pids: 100, allowedOrigins: ['https://a.example'] });
  });

  it('reads numbers, fractions and lists from the environment, and an empty variable as none', async () => {
    const config = await loadConfig(
      {
        CELLAR_CPUS: '0.5',
        CELLAR_MEMORY_BYTES: '134217728',
        CELLAR_ALLOWED_HOSTS: 'a.example, b.example',
        CELLAR_PORT: '',
        DOCKER_HOST: 'tcp://engine:2375',
        UNRELATED: 'x',
      },
      directory,
    );
    expect(config).toMatchObject({
      cpus: 0.5,
      memoryBytes: 134_217_728,
      allowedHosts: ['a.example', 'b.example'],
      port: 8080,
      dockerHost: 'tcp://engine:2375',
    } satisfies Partial<Config>);
  });

  it('reads the file that is named, and fails when it is not there', async () => {
    await write({ port: 3000 }, 'other.json');
    expect((await loadConfig({ CELLAR_CONFIG: 'other.json' }, directory)).port).toBe(3000);
    const [problem] = await problemsOf({ CELLAR_CONFIG: 'missing.json' });
    expect(problem).toBe(`${join(directory, 'missing.json')} cannot be read: ENOENT`);
  });

  it('tells all problems at once, each by the name under which it was given', async () => {
    await write({ pids: 'many', prot: 1, allowedHosts: ['', 'x'] });
    const path = join(directory, 'cellar.config.json');
    expect(
      await problemsOf({
        CELLAR_PORT: '99999',
        CELLAR_CPUS: '1e3',
        CELLAR_LOG_LEVEL: 'loud',
        CELLAR_MEMROY_BYTES: '1',
        CELLAR_TIMEOUT_MS: '60000',
        CELLAR_TIMEOUT_MS_MAX: '50000',
      }),
    ).toEqual([
      'CELLAR_PORT must be <= 65535',
      'CELLAR_LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent',
      `"allowedHosts" in ${path} /0 must not have fewer than 1 characters`,
      'CELLAR_CPUS must be number',
      `"pids" in ${path} must be integer`,
      `"prot" in ${path} is no setting; did you mean port?`,
      'CELLAR_MEMROY_BYTES is no setting; did you mean CELLAR_MEMORY_BYTES?',
      'CELLAR_TIMEOUT_MS must be <= CELLAR_TIMEOUT_MS_MAX (50000)',
    ]);
  });

  it('does not repeat a key that it refuses', async () => {
    await write('{"apiKey": "hunter2hunter2hunter2", oops}');
    const problems = await problemsOf({ CELLAR_API_KEY: 'hunter2' });
    expect(problems).toHaveLength(2);
    expect(problems.join()).not.toContain('hunter2');
  });

  it('refuses a file that is not an object of settings', async () => {
    await write('[1]');
    expect(await problemsOf({})).toEqual([
      `${join(directory, 'cellar.config.json')} must hold a JSON object`,
    ]);
    await write('{"__proto__": {"port": 1}}');
    expect((await problemsOf({}))[0]).toContain('"__proto__"');
  });

  it('has one variable for each setting', () => {
    expect(new Set(settingNames.map(variableOf)).size).toBe(settingNames.length);
    expect(variableOf('memoryBytesMax')).toBe('CELLAR_MEMORY_BYTES_MAX');
    for (const name of settingNames) expect(factsOf(name).description).toMatch(/\.$/);
  });
});
