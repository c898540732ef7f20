import type { UsageDimension } from '@aaas/contract/usage';
import type { Pool } from 'pg';
import { DIMENSIONS } from './dimensions.ts';

export interface UsageFilter {
  workspaceId: string;
  /** Included. */
  since: Date;
  /** Not included. */
  until: Date;
  agentId?: string | undefined;
  agentType?: string | undefined;
  model?: string | undefined;
  keyId?: string | undefined;
  sessionId?: string | undefined;
  upstream?: string | undefined;
}

/** Sums of the ledger. Cost is in nano-USD. */
export interface UsageSums {
  requests: number;
  unpriced_requests: number;
  input_tokens: number;
  output_tokens: number;
  cache_read_input_tokens: number;
  cache_creation_5m_input_tokens: number;
  cache_creation_1h_input_tokens: number;
  cost_nanousd: number;
}

/** A group, with the fields of what it was grouped by. `place` is what it is ordered by. */
export type UsageGroup = UsageSums & { place: string[] } & Record<string, unknown>;

const TOKENS =
  'input_tokens, output_tokens, cache_read_input_tokens, cache_creation_5m_input_tokens, cache_creation_1h_input_tokens';
const COUNTS = ['requests', 'unpriced_requests', ...TOKENS.split(', '), 'cost_nanousd'];

/**
 * Sums the ledger of a workspace by what `groupBy` names, in the order of the groups, from behind `after` on. Totals
 * are those of all groups. Whole days come summed already, unless sessions are asked for: of them only the ledger knows.
 */
export async function sumUsage(
  pool: Pool,
  filter: UsageFilter,
  groupBy: UsageDimension[],
  page: { after: string[] | null; limit: number },
): Promise<{ totals: UsageSums; groups: UsageGroup[] }> {
  const days = readsSessions(filter, groupBy) ? { from: filter.until, to: filter.until } : wholeDays(filter);
  const values = [
    filter.workspaceId,
    filter.since,
    filter.until,
    filter.agentId ?? null,
    filter.agentType ?? null,
    filter.model ?? null,
    filter.keyId ?? null,
    filter.sessionId ?? null,
    filter.upstream ?? null,
    page.limit,
    days.from,
    days.to,
    ...(page.after ?? []),
  ];
  const result = await pool.query<{ totals: UsageSums; groups: UsageGroup[] }>(
    statementOf(groupBy, page.after !== null),
    values,
  );
  return result.rows[0] as { totals: UsageSums; groups: UsageGroup[] };
}

/** Of sessions only the single requests know. */
export function readsSessions(filter: UsageFilter, groupBy: UsageDimension[]): boolean {
  return groupBy.includes('session') || filter.sessionId !== undefined;
}

const DAY_MS = 86_400_000;

/** The days that lie wholly in the span; where there is none, an empty span at its end. */
export function wholeDays({ since, until }: { since: Date; until: Date }): { from: Date; to: Date } {
  const from = Math.ceil(since.getTime() / DAY_MS) * DAY_MS;
  const to = Math.floor(until.getTime() / DAY_MS) * DAY_MS;
  return from < to ? { from: new Date(from), to: new Date(to) } : { from: until, to: until };
}

const FILTERS = `($4::text is null or agent_id = $4)
         and ($5::text is null or agent_id in (select id from agents where workspace_id = $1 and agent_type = $5))
         and ($6::text is null or model = $6) and ($7::text is null or key_id = $7)
         and ($9::text is null or upstream = $9)`;

// Summed by the columns of the ledger first: names are looked up once for each group, not for each request.
function statementOf(groupBy: UsageDimension[], after: boolean): string {
  const dimensions = groupBy.map((name) => DIMENSIONS[name]);
  const columns = [...new Set(dimensions.flatMap((dimension) => dimension.columns))];
  const fields = Object.assign({}, ...dimensions.map((dimension) => dimension.fields)) as Record<string, string>;
  const places = groupBy.map((_, index) => `p${index}`);
  const has = (column: string) => columns.includes(column);
  const sums = (of: string) => COUNTS.map((name) => `coalesce(sum(${of}.${name}), 0)::bigint as ${name}`).join(', ');
  return `
    with parts as not materialized (
      select (at at time zone 'UTC')::date as day, agent_id, model, key_id, session_id, upstream, 1 as requests,
             case when price_version is null then 1 else 0 end as unpriced_requests, ${TOKENS}, cost_nanousd
        from model_requests
       where workspace_id = $1 and (at >= $2 and at < $11 or at >= $12 and at < $3)
         and ($8::text is null or session_id = $8) and ${FILTERS}
      union all
      select day, agent_id, model, nullif(key_id, ''), null, upstream, requests, unpriced_requests, ${TOKENS}, cost_nanousd
        from usage_days
       where workspace_id = $1 and day >= ($11::timestamptz at time zone 'UTC')::date
         and day < ($12::timestamptz at time zone 'UTC')::date and ${FILTERS}
    ), sums as materialized (
      select ${columns.map((column) => `${column}, `).join('')} ${sums('m')}
        from parts m group by ${columns.map((_, index) => index + 1).join(', ')}
    ), groups as (
      select ${Object.entries(fields)
        .map(([name, expression]) => `min(${expression}) as ${name}, `)
        .join('')}
             ${dimensions.map(({ key }, index) => `(${key}) collate "C" as p${index}, `).join('')} ${sums('s')}
        from sums s
        ${has('m.agent_id') ? 'left join agents a on a.id = s.agent_id and a.workspace_id = $1' : ''}
        ${has('m.key_id') ? 'left join api_keys k on k.id = s.key_id and k.workspace_id = $1' : ''}
       group by ${places.join(', ')}
    )
    select (select to_json(t) from (select ${sums('g')} from groups g) t) as totals,
           (select coalesce(json_agg(to_json(r)), '[]') from (
              select *, array[${places.join(', ')}] as place from groups
               ${after ? `where (${places.join(', ')}) > (${places.map((_, index) => `$${index + 13}`).join(', ')})` : ''}
               order by ${places.join(', ')} limit $10) r) as groups`;
}
