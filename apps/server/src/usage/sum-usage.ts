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

const COUNTS = [
  'input_tokens',
  'output_tokens',
  'cache_read_input_tokens',
  'cache_creation_5m_input_tokens',
  'cache_creation_1h_input_tokens',
  'cost_nanousd',
] as const;

/**
 * Sums the ledger of a workspace by what `groupBy` names, in the order of the groups, from behind `after` on. Totals
 * are those of all groups.
 */
export async function sumUsage(
  pool: Pool,
  filter: UsageFilter,
  groupBy: UsageDimension[],
  page: { after: string[] | null; limit: number },
): Promise<{ totals: UsageSums; groups: UsageGroup[] }> {
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
    ...(page.after ?? []),
  ];
  const result = await pool.query<{ totals: UsageSums; groups: UsageGroup[] }>(
    statementOf(groupBy, page.after !== null),
    values,
  );
  return result.rows[0] as { totals: UsageSums; groups: UsageGroup[] };
}

// Summed by the columns of the ledger first: names are looked up once for each group, not for each request.
function statementOf(groupBy: UsageDimension[], after: boolean): string {
  const dimensions = groupBy.map((name) => DIMENSIONS[name]);
  const columns = [...new Set(dimensions.flatMap((dimension) => dimension.columns))];
  const fields = Object.assign({}, ...dimensions.map((dimension) => dimension.fields)) as Record<string, string>;
  const places = groupBy.map((_, index) => `p${index}`);
  const has = (column: string) => columns.includes(column);
  const sums = (of: string) => COUNTS.map((name) => `coalesce(sum(${of}.${name}), 0)::bigint as ${name}`).join(', ');
  return `
    with sums as materialized (
      select ${[...columns, ''].join(', ')} count(*) as requests,
             count(*) filter (where m.price_version is null) as unpriced_requests, ${sums('m')}
        from model_requests m
       where m.workspace_id = $1 and m.at >= $2 and m.at < $3
         and ($4::text is null or m.agent_id = $4)
         and ($5::text is null or m.agent_id in (select id from agents where workspace_id = $1 and agent_type = $5))
         and ($6::text is null or m.model = $6) and ($7::text is null or m.key_id = $7)
         and ($8::text is null or m.session_id = $8) and ($9::text is null or m.upstream = $9)
       ${columns.length > 0 ? `group by ${columns.map((_, index) => index + 1).join(', ')}` : ''}
    ), groups as (
      select ${Object.entries(fields)
        .map(([name, expression]) => `min(${expression}) as ${name}, `)
        .join('')}
             ${dimensions.map(({ key }, index) => `(${key}) collate "C" as p${index}, `).join('')}
             sum(s.requests)::bigint as requests, sum(s.unpriced_requests)::bigint as unpriced_requests, ${sums('s')}
        from sums s
        ${has('m.agent_id') ? 'left join agents a on a.id = s.agent_id and a.workspace_id = $1' : ''}
        ${has('m.key_id') ? 'left join api_keys k on k.id = s.key_id and k.workspace_id = $1' : ''}
       group by ${places.join(', ')}
    )
    select (select to_json(t) from (
              select coalesce(sum(requests), 0)::bigint as requests,
                     coalesce(sum(unpriced_requests), 0)::bigint as unpriced_requests, ${sums('g')} from groups g) t) as totals,
           (select coalesce(json_agg(to_json(r)), '[]') from (
              select *, array[${places.join(', ')}] as place from groups
               ${after ? `where (${places.join(', ')}) > (${places.map((_, index) => `$${index + 11}`).join(', ')})` : ''}
               order by ${places.join(', ')} limit $10) r) as groups`;
}
