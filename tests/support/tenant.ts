import { newId } from '../../packages/contract/src/ids.ts';
import { type Platform, script, until } from './platform.ts';

/** A workspace with one of everything in it. */
export interface Tenant {
  /** Stands in the names and texts of all that it has. */
  readonly marker: string;
  readonly key: string;
  readonly workspaceId: string;
  /** What it has, by the name that the parameter of a path, a query or a body gives it. */
  readonly ids: Readonly<Record<string, string>>;
}

/** Parameters of paths that are no ids: what to put there. */
export const PLAIN_PARAMETERS: Readonly<Record<string, string>> = { path: 'notes.txt', version: '1' };

/** Fills the workspace of a key. Nothing of it runs any more when this returns. Whoever adds a kind of id adds one here. */
export async function fillTenant(platform: Platform, marker: string, key: string): Promise<Tenant> {
  const headers = { 'x-api-key': key };
  const ask = (method: string, path: string, body?: unknown) => platform.json(method, path, body, headers);
  const workspace = await ask('GET', '/api/v1/workspaces/current');
  const config = { agent_type: 'custom', name: marker, system_prompt: marker };
  // Nobody listens there: the delivery of the agent's beginning fails and waits.
  const hook = { url: `http://127.0.0.1:9/${marker}`, events: ['agent.created'], description: marker };
  const webhook = await ask('POST', '/api/v1/webhooks', hook);
  const { agent_id } = await ask('POST', '/api/v1/agents', { config });
  const answer = await ask('POST', `/api/v1/agents/${agent_id}/messages`, { message: marker });
  await ask('PUT', `/api/v1/agents/${agent_id}/files/notes.txt`, marker);
  await ask('POST', `/api/v1/agents/${agent_id}/stop`);
  const view = () => ask('GET', `/api/v1/agents/${agent_id}`);
  await until(async () => (await view()).status === 'stopped');
  const delivery = async () => (await ask('GET', `/api/v1/webhooks/${webhook.id}/deliveries`)).data[0];
  await until(async () => (await delivery())?.attempts_count >= 1);
  await ask('PATCH', `/api/v1/webhooks/${webhook.id}`, { enabled: false });
  const asking = { agent_type: 'custom', name: marker, allowed_tools: ['Bash'], permission_mode: 'default' };
  const { agent_id: asker } = await ask('POST', '/api/v1/agents', { config: asking });
  const call = script([{ tool: 'Bash', input: { command: `echo ${marker}` } }]);
  const { approvals } = await ask('POST', `/api/v1/agents/${asker}/messages`, { message: call });
  await ask('POST', `/api/v1/agents/${asker}/stop`);
  await until(async () => (await ask('GET', `/api/v1/agents/${asker}`)).status === 'stopped');
  const query = await ask('POST', '/api/v1/query?agent_type=custom', { message: marker });
  const other = await ask('POST', '/api/v1/keys', { name: marker, scopes: ['agents:read'] });
  return {
    marker,
    key,
    workspaceId: workspace.id,
    ids: {
      workspace_id: workspace.id,
      agent_id,
      session_id: (await view()).session_id,
      turn_id: answer.metadata.turn_id,
      approval_id: approvals[0],
      query_id: query.query_id,
      key_id: other.id,
      webhook_id: webhook.id,
      delivery_id: (await delivery()).id,
    },
  };
}

/** Ids that nobody has, of the same form. */
export function unknownIds(ids: Readonly<Record<string, string>>): Record<string, string> {
  const like = (id: string) => newId(id.slice(0, id.indexOf('_')) as Parameters<typeof newId>[0]);
  return Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, like(id)]));
}
