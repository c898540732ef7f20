/**
 * A server process for tests: `testing-child.ts hold|insert|once <data directory>` starts the embedded database and
 * prints `started <json>` or `failed <name>: <message>`. hold: waits to be killed. insert: writes rows and prints
 * `acknowledged <n>` for each commit. once: asks one thing, stops the database, prints `stopped <answer>`.
 */
import pg from 'pg';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';

const [mode, dataDir = ''] = process.argv.slice(2);
try {
  const database = await startEmbeddedPostgres({ dataDir });
  console.log(`started ${JSON.stringify({ how: database.how, pid: database.pid, ...database.connection })}`);
  const client = new pg.Client({ ...database.connection, port: 5432, ssl: false });
  client.on('error', () => {});
  await client.connect();
  if (mode === 'insert') {
    await client.query('create table if not exists acknowledged (n int primary key)');
    for (let n = 1; ; n += 1) {
      await client.query('insert into acknowledged values ($1)', [n]);
      console.log(`acknowledged ${n}`);
    }
  }
  if (mode === 'once') {
    const { rows } = await client.query<{ checksums: string }>(`select current_setting('data_checksums') as checksums`);
    await client.end();
    await database.stop();
    console.log(`stopped ${rows[0]?.checksums}`);
  }
} catch (error) {
  const { name, message } = error as Error;
  console.log(`failed ${name}: ${message}`);
}
