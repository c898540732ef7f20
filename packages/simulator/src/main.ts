import { startSimulator } from './start-simulator.ts';

const host = process.env.HOST || '127.0.0.1';
const port = process.env.PORT || '8100';

try {
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65_535) throw new Error(`PORT must be from 0 to 65535, not ${port}`);
  const simulator = await startSimulator({ host, port: Number(port) });
  console.log(`AaaS simulator at ${simulator.url}: a Messages API without a model, every answer is simulated`);
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => void simulator.close());
} catch (error) {
  console.error(`The simulator cannot start: ${reason(error as NodeJS.ErrnoException)}.`);
  process.exitCode = 1;
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'EADDRINUSE') return `port ${port} of ${host} is in use; set PORT to another one`;
  if (error.code === 'EACCES') return `port ${port} of ${host} is not allowed for this user; set PORT to another one`;
  return error.message;
}
