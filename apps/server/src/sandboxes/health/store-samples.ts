import type { Pool } from 'pg';
import type { Sample } from './health-monitor.ts';

const STORE = {
  name: 'sandboxes.store-samples',
  text: `insert into sandbox_samples (session_id, pid, at, memory_bytes, cpu_seconds, cpu_percent, processes)
         select s.id, f.pid, now(), f.memory_bytes, f.cpu_seconds, f.cpu_percent, f.processes
           from unnest($1::text[], $2::int[], $3::bigint[], $4::double precision[], $5::double precision[], $6::int[])
             as f (id, pid, memory_bytes, cpu_seconds, cpu_percent, processes)
           join sessions s on s.id = f.id
         on conflict (session_id) do update
            set pid = excluded.pid, at = excluded.at, memory_bytes = excluded.memory_bytes, cpu_seconds = excluded.cpu_seconds,
                cpu_percent = excluded.cpu_percent, processes = excluded.processes`,
};

/** Keeps the newest sample of each session, where every node can read it. */
export async function storeSamples(pool: Pool, samples: Sample[]): Promise<void> {
  await pool.query({
    ...STORE,
    values: [
      samples.map((sample) => sample.sessionId),
      samples.map((sample) => sample.pid),
      samples.map((sample) => Math.round(sample.memoryBytes)),
      samples.map((sample) => sample.cpuSeconds),
      samples.map((sample) => sample.cpuPercent),
      samples.map((sample) => sample.processes),
    ],
  });
}
