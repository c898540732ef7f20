import type { LookupAddress } from 'node:dns';
import type { Logger } from 'pino';
import { EgressRefused } from '../../egress/resolve-target.ts';
import type { OpenDoor } from './door.ts';

const REFUSALS_LOGGED_MAX = 100;

/** The addresses that a session may connect to, or what to answer instead. A refusal is logged once for each target. */
export async function resolveThrough(
  door: OpenDoor,
  target: { host: string; port: number },
  log: Logger,
): Promise<{ addresses: LookupAddress[] } | { status: number; message: string }> {
  const session_id = door.sessionId;
  try {
    return { addresses: await door.resolve(target) };
  } catch (error) {
    if (!(error instanceof EgressRefused)) {
      log.error({ err: error, session_id }, 'failed to check where an agent may connect to');
      return { status: 502, message: 'The platform failed to check the address' };
    }
    const name = `${target.host}:${target.port}`;
    if (!door.refused.has(name) && door.refused.size < REFUSALS_LOGGED_MAX) {
      door.refused.add(name);
      log.warn({ session_id, target: name }, `an agent was refused a connection: ${error.message}`);
    }
    return { status: 403, message: `Refused by the platform: ${error.message}` };
  }
}
