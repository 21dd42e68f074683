// What the API is told by the configuration about the name under which browsers reach it.
import { expect, it } from 'vitest';
import { apiSettings } from '../../../src/orchestrator/api/settings.ts';
import { loadConfig } from '../../../src/orchestrator/config/load-config.ts';

async function settingsOf(environment: Readonly<Record<string, string>>) {
  const config = await loadConfig(environment, '/nowhere');
  const { allowedHosts, allowedOrigins } = apiSettings(config, '1.0.0', 1000);
  return { allowedHosts, allowedOrigins };
}

it('takes the public address for the service’s own, behind a proxy too', async () => {
  const CELLAR_PUBLIC_URL = 'https://cellar.example.org/';
  const allowedOrigins = ['https://cellar.example.org'];
  expect(await settingsOf({ CELLAR_PUBLIC_URL })).toEqual({
    allowedHosts: ['cellar.example.org'],
    allowedOrigins,
  });
  // Where every name is answered to, that goes on.
  expect(await settingsOf({ CELLAR_PUBLIC_URL, CELLAR_HOST: '0.0.0.0' })).toEqual({
    allowedHosts: [],
    allowedOrigins,
  });
  expect(
    await settingsOf({ CELLAR_PUBLIC_URL, CELLAR_HOST: '0.0.0.0', CELLAR_ALLOWED_HOSTS: 'inside' }),
  ).toMatchObject({ allowedHosts: ['inside', 'cellar.example.org'] });
  expect(await settingsOf({})).toEqual({ allowedHosts: [], allowedOrigins: [] });
});
