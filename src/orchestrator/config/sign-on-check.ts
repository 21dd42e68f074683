// What the settings of signing on need of each other.
import { type SettingName, variableOf } from './config.ts';
import type { Found } from './found.ts';

/** These mean nothing without a provider. */
const ofProvider = [
  'oidcAudience',
  'oidcTenants',
  'oidcTenantDefault',
  'oidcRoles',
  'oidcRoleDefault',
] as const satisfies readonly SettingName[];

const loopbackNames = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** What is wrong, one line each. */
export function signOnMistakes(found: ReadonlyMap<SettingName, Found>): string[] {
  const issuer = found.get('oidcIssuer');
  if (issuer === undefined)
    return ofProvider
      .map((name) => found.get(name))
      .filter((given) => given !== undefined && String(given.value) !== '')
      .map((given) => `${given!.place} needs ${variableOf('oidcIssuer')}`);
  const mistakes: string[] = [];
  if (!found.has('oidcAudience'))
    mistakes.push(`${issuer.place} needs ${variableOf('oidcAudience')}`);
  if (!isSafe(String(issuer.value)))
    mistakes.push(`${issuer.place} must be an https address, or one of this machine`);
  return mistakes;
}

/** SECURITY: whoever is between the service and the provider could else be anybody. */
function isSafe(address: string): boolean {
  const url = URL.parse(address);
  return url?.protocol === 'https:' || (url !== null && loopbackNames.test(url.hostname));
}
