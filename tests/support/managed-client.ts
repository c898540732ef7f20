import Anthropic from '@anthropic-ai/sdk';
import type {
  BetaManagedAgentsSessionEvent,
  BetaManagedAgentsStreamSessionEvents,
  EventListParams,
} from '@anthropic-ai/sdk/resources/beta/sessions/events';
import type {
  BetaManagedAgentsSession,
  BetaManagedAgentsSessionAgent,
} from '@anthropic-ai/sdk/resources/beta/sessions/sessions';
import type { Platform } from './platform.ts';

export type StreamedEvent = BetaManagedAgentsStreamSessionEvents;
export type ListedEvent = BetaManagedAgentsSessionEvent;

/** The official client, pointed at a platform by its base URL alone. */
export function officialClient(platform: Platform, apiKey = platform.key): Anthropic {
  return new Anthropic({ baseURL: platform.url, apiKey });
}

// Complete by the compiler: a key that the SDK gains is missing here until we answer it.
// biome-ignore-start format: a list to be read, not a tower
export const SESSION_KEYS = Object.keys({
  id: 1,
  agent: 1,
  archived_at: 1,
  budget: 1,
  created_at: 1,
  deployment_id: 1,
  environment_id: 1,
  metadata: 1,
  outcome_evaluations: 1,
  resources: 1,
  stats: 1,
  status: 1,
  title: 1,
  type: 1,
  updated_at: 1,
  usage: 1,
  vault_ids: 1,
} satisfies Record<keyof BetaManagedAgentsSession, 1>);
export const AGENT_KEYS = Object.keys({
  id: 1,
  description: 1,
  execution_identity: 1,
  mcp_servers: 1,
  model: 1,
  multiagent: 1,
  name: 1,
  skills: 1,
  system: 1,
  tools: 1,
  type: 1,
  version: 1,
} satisfies Record<keyof BetaManagedAgentsSessionAgent, 1>);
// biome-ignore-end format: see above

export function userMessage(text: string) {
  return { type: 'user.message' as const, content: [{ type: 'text' as const, text }] };
}

/** The text of the first block of an event. */
export function textOf(event: object): string | undefined {
  return (event as { content?: { text?: string }[] }).content?.[0]?.text;
}

export function idOf(event: object | undefined): string | undefined {
  return (event as { id?: string } | undefined)?.id;
}

/** Reads a stream up to the end of its `turns`-th turn. */
export async function readTurns(stream: AsyncIterable<StreamedEvent>, turns = 1): Promise<StreamedEvent[]> {
  let left = turns;
  return readUntil(stream, (event) => event.type === 'session.status_idle' && --left === 0);
}

export async function readUntil(
  stream: AsyncIterable<StreamedEvent>,
  isLast: (event: StreamedEvent) => boolean,
): Promise<StreamedEvent[]> {
  const seen: StreamedEvent[] = [];
  for await (const event of stream) {
    seen.push(event);
    if (isLast(event)) break;
  }
  return seen;
}

/** All pages of the list, as the client's own paging walks through them. */
export async function listEvents(
  client: Anthropic,
  session: string,
  params: EventListParams = {},
): Promise<ListedEvent[]> {
  const found: ListedEvent[] = [];
  for await (const event of client.beta.sessions.events.list(session, params)) found.push(event);
  return found;
}
