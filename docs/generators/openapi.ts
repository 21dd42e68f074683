// docs/reference/openapi.json: what the HTTP server says about itself.
import { readFileSync } from 'node:fs';
import { defaultBounds, type MetricsSource } from '../../src/orchestrator/api/options.ts';
import { createServer } from '../../src/orchestrator/api/server.ts';
import { systemClock } from '../../src/orchestrator/foundation/clock.ts';
import { createLog } from '../../src/orchestrator/foundation/log.ts';

export async function openapiReference(): Promise<string> {
  const manifest = new URL('../../package.json', import.meta.url);
  const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
  const limits = { memoryBytes: 0, cpus: 0, pids: 0, workspaceBytes: 0, outputBytes: 0 };
  const server = await createServer({
    sessions: neverAsked(),
    states: neverAsked(),
    files: neverAsked(),
    authenticator: neverAsked(),
    logins: null,
    tenants: neverAsked(),
    tenantRemoval: neverAsked(),
    keys: neverAsked(),
    audit: neverAsked(),
    auditRecords: neverAsked(),
    usage: neverAsked(),
    tickets: neverAsked(),
    registry: neverAsked(),
    overload: neverAsked(),
    readiness: {},
    metrics: { ...neverAsked<MetricsSource>(), token: null },
    log: createLog('silent'),
    clock: systemClock,
    settings: {
      version,
      listenHost: '127.0.0.1',
      allowedHosts: [],
      allowedOrigins: [],
      sessionDefaults: { timeout: 0, limits, persistence: { policy: 'none' }, idle: {} },
      sessionMaxima: { timeout: 0, limits },
      bounds: defaultBounds,
    },
  });
  const document = server.swagger();
  await server.close();
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** A server that only describes itself needs no one behind it. */
function neverAsked<Part extends object>(): Part {
  return new Proxy({} as Part, {
    get(_part, name) {
      throw new Error(`${String(name)} was asked for while the reference was written`);
    },
  });
}
