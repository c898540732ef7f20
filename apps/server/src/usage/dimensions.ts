import type { UsageDimension } from '@aaas/contract/usage';

interface Dimension {
  /** Columns of what is summed (m) that it needs. */
  columns: string[];
  /** What groups, of `s` (sums), `a` (agents) and `k` (keys): a text that is never null. Groups are ordered by it. */
  key: string;
  /** The fields of a row, in their order, each with its expression. */
  fields: Record<string, string>;
}

export const DIMENSIONS: Record<UsageDimension, Dimension> = {
  day: { columns: ['m.day'], key: 's.day::text', fields: { day: 's.day::text' } },
  agent: {
    columns: ['m.agent_id'],
    key: 's.agent_id',
    fields: { agent_id: 's.agent_id', agent_name: 'a.name' },
  },
  agent_type: {
    columns: ['m.agent_id'],
    key: `coalesce(a.agent_type, '')`,
    fields: { agent_type: 'a.agent_type' },
  },
  model: { columns: ['m.model'], key: 's.model', fields: { model: 's.model' } },
  key: {
    columns: ['m.key_id'],
    key: `coalesce(s.key_id, '')`,
    fields: { key_id: 's.key_id', key_name: 'k.name' },
  },
  session: { columns: ['m.session_id'], key: 's.session_id', fields: { session_id: 's.session_id' } },
  upstream: { columns: ['m.upstream'], key: 's.upstream', fields: { upstream: 's.upstream' } },
};
