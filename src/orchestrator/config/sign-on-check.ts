// What the settings of signing on need of each other.
import { type SettingName, variableOf } from './config.ts';
import type { Found } from './found.ts';

/** These mean nothing without a provider. */
const ofProvider = [
  'oidcAudience',
  'oidcClientId',
  'oidcTenants',
  'oidcTenantDefault',
  'oidcRoles',
  'oidcRoleDefault',
] as const satisfies readonly SettingName[];

/** And these nothing without a client. */
const ofClient = [
  'oidcClientSecret',
  'oidcClientSecretFile',
] as const satisfies readonly SettingName[];

const loopbackNames = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What is wrong, one line each. */
export function signOnMistakes(found: ReadonlyMap<SettingName, Found>): string[] {
  const needs = (names: readonly SettingName[], needed: SettingName) =>
    found.has(needed)
      ? []
      : names
          .map((name) => found.get(name))
          .filter((given) => given !== undefined && String(given.value) !== '')
          .map((given) => `${given!.place} needs ${variableOf(needed)}`);
  return [
    ...needs(ofProvider, 'oidcIssuer'),
    ...needs(ofClient, 'oidcClientId'),
    ...needs(['oidcClientId'], 'publicUrl'),
    ...useless(found),
    ...unsafe(found),
    ...contrary(found),
  ];
}

function useless(found: ReadonlyMap<SettingName, Found>): string[] {
  const issuer = found.get('oidcIssuer');
  if (issuer === undefined || found.has('oidcAudience') || found.has('oidcClientId')) return [];
  const either = `${variableOf('oidcAudience')} or ${variableOf('oidcClientId')}`;
  return [`${issuer.place} needs ${either}`];
}

/** SECURITY: whoever is between could else be anybody. */
function unsafe(found: ReadonlyMap<SettingName, Found>): string[] {
  return (['oidcIssuer', 'publicUrl'] as const)
    .map((name) => found.get(name))
    .filter((given) => given !== undefined && !isSafe(String(given.value)))
    .map((given) => `${given!.place} must be an https address, or one of this machine`);
}

function contrary(found: ReadonlyMap<SettingName, Found>): string[] {
  const mistakes: string[] = [];
  const [secret, file] = [found.get('oidcClientSecret'), found.get('oidcClientSecretFile')];
  if (secret && file) mistakes.push(`${secret.place} and ${file.place} cannot both be set`);
  const scopes = found.get('oidcScopes');
  if (scopes && !(scopes.value as string[]).includes('openid'))
    mistakes.push(`${scopes.place} must have openid in it`);
  return mistakes;
}

function isSafe(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === 'https:' || (url !== null && loopbackNames.test(url.hostname));
}
