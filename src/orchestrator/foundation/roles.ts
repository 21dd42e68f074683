// What a caller may be. What each role may do is in one table, `auth/permissions.ts`.

/** Each may do what those before it may. */
export const roles = ['viewer', 'developer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** True when a role reaches at least another one. */
export function reaches(role: Role, wanted: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(wanted);
}
