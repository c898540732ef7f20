import { ApiRequestError } from '@aaas/client/api-request-error';
import type { Client } from '@aaas/client/create-client';
import type { Agent } from '@aaas/contract/operations-api';
import { CliError } from '../cli-error.ts';
import { EXIT } from '../exit-codes.ts';

const WHOLE_ID = /^agent_[A-Za-z0-9]{24}$/;
const PAGE = 100;
const SHOWN_MAX = 5;

/** The agent that a user means: by its id, by its name, or by a beginning of the id that no other has. */
export async function resolveAgent(client: Client, wanted: string): Promise<Agent> {
  if (WHOLE_ID.test(wanted)) {
    return client.agents.get(wanted).catch((error: unknown) => {
      throw error instanceof ApiRequestError && error.status === 404 ? noAgent(wanted) : error;
    });
  }
  const named: Agent[] = [];
  const begun: Agent[] = [];
  for await (const agent of client.agents.list({ limit: PAGE })) {
    if (agent.config.name === wanted) named.push(agent);
    else if (agent.id.startsWith(wanted) || agent.id.startsWith(`agent_${wanted}`)) begun.push(agent);
  }
  const found = named.length > 0 ? named : begun;
  if (found.length > 1) {
    const ids = found.slice(0, SHOWN_MAX).map((agent) => agent.id);
    const rest = found.length > SHOWN_MAX ? ` and ${found.length - SHOWN_MAX} more` : '';
    throw new CliError(`${wanted} could be any of ${ids.join(', ')}${rest}. Give the id.`, EXIT.usage);
  }
  if (!found[0]) throw noAgent(wanted);
  return found[0];
}

function noAgent(wanted: string): CliError {
  return new CliError(`There is no agent ${wanted}. See those there are with: aaas agents list`, EXIT.notFound);
}
