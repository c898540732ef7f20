import type { Pool } from 'pg';

const BATCH = 500;

/** An id that follows from the one it is a copy of; copies sort by chance, as ids of many nodes do not: worse than life. */
const copied = (prefix: string, of: string) => `'${prefix}_' || left(md5(${of} || n), 24)`;

// Every column of a row, but for those that are said.
const STATEMENTS: [table: string, where: string, changes: Record<string, string>][] = [
  ['agents', 'r.id = $1', { id: copied('agent', '$1'), main_session_id: copied('sesn', '$2') }],
  ['agent_versions', 'r.agent_id = $1', { agent_id: copied('agent', '$1') }],
  [
    'sessions',
    'r.id = $2',
    {
      id: copied('sesn', '$2'),
      agent_id: copied('agent', '$1'),
      number: '1000000 + n',
      harness_session_id: 'gen_random_uuid()',
    },
  ],
  [
    'session_heads',
    'r.session_id = $2',
    { session_id: copied('sesn', '$2'), generation: '0', owner: 'null', runnable_at: 'null' },
  ],
  ['turns', 'r.session_id = $2', { session_id: copied('sesn', '$2'), id: copied('turn', 'r.id') }],
  [
    'inputs',
    'r.session_id = $2',
    { session_id: copied('sesn', '$2'), id: copied('sevt', 'r.id'), turn_id: copied('turn', 'r.turn_id') },
  ],
  [
    'events',
    'r.session_id = $2',
    { session_id: copied('sesn', '$2'), id: copied('sevt', 'r.id'), turn_id: copied('turn', 'r.turn_id') },
  ],
  [
    'transcripts',
    'r.session_id = $2',
    { session_id: copied('sesn', '$2'), position: `nextval(pg_get_serial_sequence('transcripts', 'position'))` },
  ],
  ['session_usage', 'r.session_id = $2', { session_id: copied('sesn', '$2') }],
  [
    'model_requests',
    'r.session_id = $2',
    {
      session_id: copied('sesn', '$2'),
      agent_id: copied('agent', '$1'),
      id: copied('mreq', 'r.id'),
      turn_id: copied('turn', 'r.turn_id'),
    },
  ],
];

/** Copies of an agent, its main session and all that they have done, as they lie there asleep. */
export async function copySessions(
  pool: Pool,
  agent: string,
  count: number,
): Promise<{ copy: string; deep: { agent: string; session: string } }> {
  const { rows } = await pool.query('select main_session_id as id from agents where id = $1', [agent]);
  const session = rows[0].id;
  for (const [table, where, changes] of STATEMENTS) {
    const columns = await columnsOf(pool, table);
    const values = columns.map((column) => changes[column] ?? `r.${column}`);
    for (let from = 1; from <= count; from += BATCH) {
      await pool.query(
        `insert into ${table} (${columns.join(', ')}) overriding system value
         select ${values.join(', ')} from ${table} r, generate_series($3::int, $4::int) n
          where ${where} and $1::text is not null and $2::text is not null`,
        [agent, session, from, Math.min(from + BATCH - 1, count)],
      );
    }
  }
  for (const [table] of STATEMENTS) await pool.query(`vacuum analyze ${table}`);
  const at = async (table: string) =>
    (
      await pool.query(`select id from ${table} order by id collate "C" offset $1 limit 1`, [
        Math.max(60, Math.floor(count / 10)),
      ])
    ).rows[0].id;
  const copy = await pool.query(`select ${copied('sesn', '$1::text')} as id from generate_series(1, 1) n`, [session]);
  return { copy: copy.rows[0].id, deep: { agent: await at('agents'), session: await at('sessions') } };
}

async function columnsOf(pool: Pool, table: string): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    `select attname as name from pg_attribute
      where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
    [table],
  );
  return rows.map(({ name }) => name);
}
