import { join } from 'node:path';
import type { StartReport } from '../../packages/contract/src/starts.ts';
import { type Platform, until } from './platform.ts';

export interface LogEntry {
  seq: number;
  id: string;
  type: string;
  turn_id: string | null;
  processed_at: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests read events of every type
  [field: string]: any;
}

/** A transition of the lifecycle. */
export interface Step {
  seq: number;
  from: string;
  to: string;
  reason: string;
  detail: string | null;
  start: StartReport | null;
}

interface Answer {
  agent_id: string;
  response: string;
  timestamp: string;
  metadata: { turn_id: string; messages_count: number; usage: Record<string, number>; [field: string]: unknown };
}

/** An agent as its user sees it, and the directory in which it works as the operator sees it. */
export interface DeployedAgent {
  readonly id: string;
  readonly path: string;
  readonly sessionId: string;
  /** Everything it has on disk; every process of it names this directory in its environment. */
  readonly root: string;
  readonly directory: string;
  /** Sends a message and returns its answer. */
  say(message: string, headers?: Record<string, string>): Promise<Answer>;
  /** Sends a message, whatever comes of it. */
  post(message: string, headers?: Record<string, string>): Promise<Response>;
  /** Sends a message and returns its turn without waiting. */
  begin(message: string): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read every field
  turn(id: string): Promise<any>;
  /** Waits until a turn has ended and returns it. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read every field
  ended(id: string, withinMs?: number): Promise<any>;
  // biome-ignore lint/suspicious/noExplicitAny: tests read every field
  view(): Promise<any>;
  log(): Promise<LogEntry[]>;
  timeline(): Promise<Step[]>;
  /** POST …/start, stop, restart, hibernate or interrupt; it must be accepted. */
  order(operation: 'start' | 'stop' | 'restart' | 'hibernate' | 'interrupt'): Promise<void>;
  reaches(status: string, withinMs?: number): Promise<void>;
}

const TURN_WITHIN_MS = 30_000;

/** Deploys an agent. `auto_start` as in the request. */
export async function deployAgent(
  platform: Platform,
  config: Record<string, unknown> = {},
  autoStart = true,
): Promise<DeployedAgent> {
  const body = { config: { agent_type: 'code', ...config }, auto_start: autoStart };
  const { agent_id: id } = await platform.json('POST', '/api/v1/agents', body);
  const path = `/api/v1/agents/${id}`;
  const { session_id: sessionId } = await platform.json('GET', path);
  const root = join(platform.dataDir, 'sessions', sessionId);

  const agent: DeployedAgent = {
    id,
    path,
    sessionId,
    root,
    directory: join(root, 'work'),
    say: (message, headers) => platform.json('POST', `${path}/messages`, { message }, headers),
    post: (message, headers) => platform.request('POST', `${path}/messages`, { message }, headers),
    begin: async (message) =>
      (await platform.json('POST', `${path}/messages`, { message }, { prefer: 'respond-async' })).turn_id,
    turn: (turn) => platform.json('GET', `${path}/turns/${turn}`),
    ended: async (turn, withinMs = TURN_WITHIN_MS) => {
      let found: { state: string } | null = null;
      await until(async () => {
        found = await agent.turn(turn);
        return found?.state !== 'queued' && found?.state !== 'running';
      }, withinMs);
      return found;
    },
    view: () => platform.json('GET', path),
    log: async () => {
      const entries: LogEntry[] = [];
      for (let after: string | null = '0'; after !== null; ) {
        const page: { data: LogEntry[]; next_cursor: string | null } = await platform.json(
          'GET',
          `${path}/events?limit=1000&after=${after}`,
        );
        entries.push(...page.data);
        after = page.next_cursor;
      }
      return entries;
    },
    timeline: async () => (await platform.json('GET', `${path}/timeline?limit=1000`)).data,
    order: async (operation) => {
      await platform.json('POST', `${path}/${operation}`);
    },
    reaches: (status, withinMs = TURN_WITHIN_MS) => until(async () => (await agent.view()).status === status, withinMs),
  };
  return agent;
}

/** Places where a timeline does not go on from where it was. */
export function gapsIn(timeline: Step[]): [Step, Step][] {
  return timeline.flatMap((step, index) => {
    const before = timeline[index - 1];
    return before && (before.to !== step.from || before.seq >= step.seq) ? [[before, step] as [Step, Step]] : [];
  });
}
