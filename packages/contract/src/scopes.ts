/** What a key may do. Each route names one; `*` in a key is all of them. */
export const SCOPES = {
  'agents:read': 'See agents, sessions, turns, messages and events.',
  'agents:write': 'Create, change, start, stop and delete agents and sessions.',
  'agents:message': 'Talk to agents: send messages, interrupt, answer approvals, one-shot queries.',
  'files:read': 'Read the working directories of agents; export agents.',
  'files:write': 'Change the working directories of agents.',
  'usage:read': 'See tokens, cost and budgets.',
  'budgets:write': 'Set budgets.',
  'keys:read': 'See the keys of the workspace.',
  'keys:write': 'Create, rotate and revoke keys with scopes that one has oneself.',
  'webhooks:read': 'See webhooks and their deliveries.',
  'webhooks:write': 'Create and change webhooks; deliver again.',
  'audit:read': 'See, verify and export the audit log of the workspace.',
  'platform:read': 'See the settings, workspaces, nodes and metrics of the whole platform.',
  'platform:write': 'Change the settings, workspaces and nodes of the whole platform.',
} as const;

export type Scope = keyof typeof SCOPES;

/** Held by keys of the default workspace alone. */
export const PLATFORM_SCOPES: readonly Scope[] = ['platform:read', 'platform:write'];

/** What an administrator of one workspace may do; all that a key outside the default workspace can hold. */
export const WORKSPACE_SCOPES = (Object.keys(SCOPES) as Scope[]).filter((scope) => !PLATFORM_SCOPES.includes(scope));
