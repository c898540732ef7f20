import { isApiError } from '@aaas/client/api-request-error';
import type { Client } from '@aaas/client/create-client';
import type { Schema } from '@aaas/client/operations/operation-types';
import { nothingNamed, resolveNamed } from './resolve-named.ts';

const WHOLE_ID = /^agent_[A-Za-z0-9]{24}$/;
const PAGE = 100;
const AGENTS = { noun: 'agent', prefix: 'agent_', listedBy: 'aaas agents list' };

/** The agent that a user means: by its id, by its name, or by a beginning of the id that no other has. */
export async function resolveAgent(client: Client, wanted: string): Promise<Schema<'Agent'>> {
  if (!WHOLE_ID.test(wanted)) {
    const entries = client.agents.list({ limit: PAGE });
    return resolveNamed(wanted, { ...AGENTS, entries, nameOf: ({ config }) => config.name });
  }
  return client.agents.get(wanted).catch((error: unknown) => {
    throw isApiError(error, 'not_found') ? nothingNamed(wanted, AGENTS) : error;
  });
}

/** The id of the conversation that is meant: a session by its id, or an agent, which means its main session. */
export async function resolveConversation(client: Client, wanted: string): Promise<string> {
  return wanted.startsWith('sesn_') ? wanted : (await resolveAgent(client, wanted)).id;
}
