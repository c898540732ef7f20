import { join } from 'node:path';

export const DATABASE_USER = 'postgres';
export const DATABASE = 'postgres';
/** Only names the socket: there is no network port. */
export const SOCKET_PORT = 5432;

export function socketPath(dir: string): string {
  return join(dir, `.s.PGSQL.${SOCKET_PORT}`);
}
