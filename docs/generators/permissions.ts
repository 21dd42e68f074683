// docs/reference/permissions.md: what every request and every live message needs.
import { messageNeeds, type Need, routeNeeds } from '../../src/orchestrator/auth/permissions.ts';
import { reaches, roles } from '../../src/orchestrator/foundation/roles.ts';
import { generatedNote, table } from './table.ts';

export function permissionReference(): string {
  const requests = Object.entries(routeNeeds).map(([route, need]) => {
    const address = route.replaceAll(/:(\w+)/g, '{$1}');
    return [`\`${address}\``, ...marks(need)];
  });
  const messages = Object.entries(messageNeeds).map(([type, need]) => [
    `\`${type}\``,
    ...marks(need),
  ]);
  return `${generatedNote}
# Permissions

Which role may send what, in the tenant that it acts in. Without a key only what everyone may have is answered; anything else is 401. What a role may not have is
403; what belongs to another tenant is 404, whatever the role.

${table(['Request', 'everyone', ...roles], requests)}
## Over a live connection

${table(['Message', 'everyone', ...roles], messages)}`;
}

function marks(need: Need): string[] {
  if (need === 'everyone') return ['yes', ...roles.map(() => 'yes')];
  return ['', ...roles.map((role) => (reaches(role, need) ? 'yes' : ''))];
}
