import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import { LRUCache } from 'lru-cache';
import type pg from 'pg';
import {
  DATABASE_BACKOFF_CAP_MS,
  DATABASE_BACKOFF_MS,
  DATABASE_TRIES,
  GENERATION_TTL_MS,
  MAX_CACHED_PRINCIPALS,
  PRINCIPAL_TTL_MS,
} from './limits.ts';
import type { TokenClaim } from './tokens.ts';

/** On whose behalf a request is made. The turn is not here: the ledger finds the one that runs. */
export interface Principal {
  workspaceId: string;
  agentId: string;
  sessionId: string;
  generation: number;
  /** Of the agent's definition; null: whatever the request says. */
  temperature: number | null;
  /** Its workspace is a test workspace: the simulator answers it. */
  simulated: boolean;
}

export interface Principals {
  /**
   * The principal of a claim, or null when its session is gone, has no owner or a newer generation: the process that
   * holds the token lost its session. Rejects when the database does not answer.
   */
  resolve(claim: TokenClaim): Promise<Principal | null>;
}

interface Known {
  principal: Principal;
  agentVersion: number;
  loadedAt: number;
  checkedAt: number;
}

const LOAD = `
select s.workspace_id, s.agent_id, s.agent_version, h.generation, (v.definition ->> 'temperature')::float8 as temperature,
       w.simulated
from sessions s
join session_heads h on h.session_id = s.id and h.owner is not null
join workspaces w on w.id = s.workspace_id
join agent_versions v on v.agent_id = s.agent_id and v.version = s.agent_version
where s.id = $1`;

// Two rows by their keys: no definition is read, which may be large. The version can change within a generation.
const CHECK = `
select h.generation, s.agent_version
from session_heads h join sessions s on s.id = h.session_id
where h.session_id = $1 and h.owner is not null`;

interface Head {
  generation: string | number;
  agent_version: number;
}

interface Loaded extends Head {
  workspace_id: string;
  agent_id: string;
  temperature: number | null;
  simulated: boolean;
}

export function createPrincipals(pool: pg.Pool, now: () => number): Principals {
  const known = new LRUCache<string, Known>({ max: MAX_CACHED_PRINCIPALS });
  const asking = new Map<string, Promise<Principal | null>>();
  const stubbornly = retry(handleAll, {
    maxAttempts: DATABASE_TRIES - 1,
    backoff: new ExponentialBackoff({ initialDelay: DATABASE_BACKOFF_MS, maxDelay: DATABASE_BACKOFF_CAP_MS }),
  });

  async function rowOf<Row extends Head>(name: string, text: string, sessionId: string): Promise<Row | undefined> {
    const result = await stubbornly.execute(() => pool.query<Row>({ name, text, values: [sessionId] }));
    return result.rows[0];
  }

  async function ask(key: string, claim: TokenClaim): Promise<Principal | null> {
    const before = known.get(key);
    // The age counts from the question, not from its answer: the answer may be as old as that.
    const askedAt = now();
    if (before && askedAt - before.loadedAt < PRINCIPAL_TTL_MS) {
      const head = await rowOf<Head>('gateway-check-generation', CHECK, claim.sessionId);
      if (!head || Number(head.generation) !== claim.generation) {
        known.delete(key);
        return null;
      }
      if (head.agent_version === before.agentVersion) {
        before.checkedAt = askedAt;
        return before.principal;
      }
    }
    const row = await rowOf<Loaded>('gateway-load-principal', LOAD, claim.sessionId);
    if (!row || Number(row.generation) !== claim.generation) {
      known.delete(key);
      return null;
    }
    const principal: Principal = {
      workspaceId: row.workspace_id,
      agentId: row.agent_id,
      sessionId: claim.sessionId,
      generation: claim.generation,
      temperature: row.temperature,
      simulated: row.simulated,
    };
    known.set(key, { principal, agentVersion: row.agent_version, loadedAt: askedAt, checkedAt: askedAt });
    return principal;
  }

  return {
    async resolve(claim) {
      const key = `${claim.sessionId}.${claim.generation}`;
      const fresh = known.get(key);
      if (fresh && now() - fresh.checkedAt < GENERATION_TTL_MS) return fresh.principal;
      // Requests that come together ask once.
      let answer = asking.get(key);
      if (!answer) {
        answer = ask(key, claim).finally(() => asking.delete(key));
        asking.set(key, answer);
      }
      return answer;
    },
  };
}
