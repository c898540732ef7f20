/** What a node of the fleet does. */
export const ROLES = ['api', 'worker', 'gateway'] as const;
/**
 * `api` serves the API and holds no state; `worker` runs agents; `gateway` alone holds the keys of model providers and
 * asks them on behalf of agents.
 */
export type Role = (typeof ROLES)[number];

/** The roles that ROLES names: `all`, or some with commas between them. Null: it names something else. */
export function rolesOf(text: string): Role[] | null {
  const named = text === 'all' ? [...ROLES] : text.split(',').map((role) => role.trim());
  const roles = ROLES.filter((role) => named.includes(role));
  return named.every((role) => (ROLES as readonly string[]).includes(role)) && roles.length > 0 ? roles : null;
}
