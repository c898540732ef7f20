import { once } from 'node:events';
import { createServer } from 'node:net';
import { StartupError } from './startup-error.ts';

/** Finds out early whether we may listen, before a database is made for nothing. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    probe.listen(port, host);
    await once(probe, 'listening');
    probe.close();
    await once(probe, 'close');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const hint =
      code === 'EADDRINUSE' ? 'it is in use. Stop the other program, or set PORT' : `${code}. Check HOST and PORT`;
    throw new StartupError(`Cannot listen on ${host}:${port}: ${hint}.`, { cause: error });
  }
}
