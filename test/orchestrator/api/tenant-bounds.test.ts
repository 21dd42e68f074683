import { describe, expect, it } from 'vitest';
import { boundsOf } from '../../../src/orchestrator/api/tenant-bounds.ts';
import { settings } from './api-fixture.ts';

const service = settings;
const none = { limits: {}, defaults: {}, egressAllow: null };

describe('what a tenant’s sessions get and may ask for', () => {
  it('is what the service says where the tenant says nothing', () => {
    const { sessionDefaults, sessionMaxima } = service;
    expect(boundsOf(service, none)).toEqual({
      sessionDefaults,
      sessionMaxima,
      egressAllow: null,
    });
  });

  it('is never more than the service gives', () => {
    const session = { timeout: 1e9, cpus: 1000, memoryBytes: 2 ** 50 };
    const { sessionMaxima } = boundsOf(service, { ...none, limits: { session } });
    expect(sessionMaxima).toEqual(service.sessionMaxima);
  });

  it('is never more by default than may be asked for', () => {
    const limits = {
      session: {
        timeout: 1000,
        cpus: 0.25,
        persistence: ['hibernate', 'execution'],
        idle: { hibernateAfterMs: 5000, expireAfterMs: 9000 },
      },
    } as const;
    const defaults = { timeout: 2000, idle: { pauseAfterMs: 1000, expireAfterMs: 8000 } };
    const { sessionDefaults, sessionMaxima } = boundsOf(service, { ...none, limits, defaults });
    expect(sessionMaxima.timeout).toBe(1000);
    expect(sessionDefaults).toEqual({
      timeout: 1000,
      limits: { ...service.sessionDefaults.limits, cpus: 0.25 },
      persistence: { policy: 'hibernate' },
      idle: { pauseAfterMs: 1000, hibernateAfterMs: 5000, expireAfterMs: 8000 },
    });
  });

  it('has the defaults of the tenant', () => {
    const defaults = {
      timeout: 7000,
      limits: { pids: 32 },
      persistence: { policy: 'interval', intervalMs: 5000 },
    } as const;
    const { sessionDefaults } = boundsOf(service, { ...none, defaults });
    expect(sessionDefaults).toMatchObject(defaults);
    expect(sessionDefaults.limits.cpus).toBe(service.sessionDefaults.limits.cpus);
  });
});
