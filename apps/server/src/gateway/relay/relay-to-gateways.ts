import { createSecretKey } from 'node:crypto';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Logger } from 'pino';
import { Agent, type Dispatcher, request } from 'undici';
import { createAdmission, type Place } from '../admission.ts';
import { cutOff } from '../answers/cut-off.ts';
import { OUTAGE_WORDS } from '../answers/outage-words.ts';
import { type GatewayError, sendError, UNFIT_HEADER } from '../anthropic-error.ts';
import { type Front, type ServeModelRequest, startFront } from '../front.ts';
import { readBody } from '../read-body.ts';
import { BAD_TOKEN, NO_TOKEN, NOT_FOUND, NOT_YOURS } from '../refusals.ts';
import { routeOf } from '../routes.ts';
import { tokenOf, verifyToken } from '../tokens.ts';
import type { Gateways } from './gateways.ts';

const CONNECT_TIMEOUT_MS = 3_000;
/** Path below which a gateway serves the relays of workers. */
export const GATEWAY_PATH = '/gateway';

const NO_GATEWAY: GatewayError = { status: 502, message: OUTAGE_WORDS.unreachable };
const UNKNOWN_END: GatewayError = {
  status: 502,
  message: 'The model gateway was lost while it asked the MCP server: the call may have been carried out.',
};
/** Of one connection, or said between nodes. */
const OF_ONE_HOP =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|expect|x-aaas-.*)$/i;
/** With these nothing has been sent. */
const NOT_REACHED = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/;

export interface RelayOptions {
  log: Logger;
  /** Of the fleet: workers sign tokens with it, gateways know them by it. */
  tokenSecret: Buffer;
  gateways: Gateways;
}

/**
 * The way to the model on a worker that has no provider key: its agents come to the same port and doors, and their
 * requests go on to a gateway of the fleet. Who cannot be reached, or cannot serve, is passed over before the first
 * byte; after it the answer breaks off, as it does when a provider dies. A call of a tool is never made a second time
 * when the first may have arrived.
 */
export async function startRelay({ log, tokenSecret, gateways }: RelayOptions): Promise<Front> {
  const secret = createSecretKey(tokenSecret);
  const admission = createAdmission();
  // Silence is not judged here: the gateway pings, the agent misses that after a minute, and the fleet one that dies.
  const agent = new Agent({
    connect: { timeout: CONNECT_TIMEOUT_MS },
    // A stream that its reader does not take must not hold up another session's.
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  });

  const serve: ServeModelRequest = async (req, res, closing, door) => {
    const route = routeOf(req.method, req.url);
    if (route.kind === 'unknown') return sendError(res, NOT_FOUND);
    if (route.kind === 'alive') {
      res.writeHead(200, { 'content-length': 0 }).end();
      return;
    }
    const token = tokenOf(req.headers);
    const named = token === null ? null : verifyToken(secret, token);
    if (!named) return sendError(res, token === null ? NO_TOKEN : BAD_TOKEN);
    if (door && door.name !== named.sessionId) return sendError(res, NOT_YOURS);
    const place = admission.enter(named.sessionId);
    if ('status' in place) return sendError(res, place);
    const gone = new AbortController();
    const leave = () => gone.abort();
    closing.addEventListener('abort', leave, { once: true });
    res.once('close', leave);
    try {
      await pass(req, res, place, gone.signal, route.kind === 'mcp' && route.method === 'POST');
    } catch (err) {
      if (!gone.signal.aborted) log.error({ err, session_id: named.sessionId }, 'the way to the gateways failed');
      res.destroy();
    } finally {
      closing.removeEventListener('abort', leave);
      place.release();
    }
  };

  async function pass(
    req: IncomingMessage,
    res: ServerResponse,
    place: Place,
    gone: AbortSignal,
    once: boolean,
  ): Promise<void> {
    const body = await readBody(req, place);
    if (!Buffer.isBuffer(body)) return sendError(res, body);
    for (let turn = await gateways.next([], gone); turn; turn = await gateways.next(turn.asked, gone)) {
      const signal = AbortSignal.any([gone, turn.lost]);
      try {
        const answer = await ask(turn.address, req, body, turn.headers(req.method as string, pathOf(req)), signal);
        if (answer.headers[UNFIT_HEADER] !== undefined && turn.more) {
          await answer.body.dump();
          continue;
        }
        return await answerWith(res, answer);
      } catch (error) {
        if (gone.aborted) throw error;
        if (res.headersSent) {
          log.warn({ gateway: turn.nodeId, error: (error as Error).message }, 'a gateway was lost during its answer');
          return cutOff(res);
        }
        turn.failed();
        if (once && !NOT_REACHED.test((error as NodeJS.ErrnoException).code ?? '')) {
          log.warn(
            { gateway: turn.nodeId, error: (error as Error).message },
            'a gateway was lost during a call of a tool',
          );
          return sendError(res, UNKNOWN_END);
        }
        log.warn({ gateway: turn.nodeId, error: (error as Error).message }, 'a gateway did not answer; asking another');
      } finally {
        turn.done();
      }
    }
    if (!gone.aborted) sendError(res, NO_GATEWAY);
  }

  function ask(
    address: string,
    req: IncomingMessage,
    body: Buffer,
    signed: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> {
    return request(`${address}${pathOf(req)}`, {
      dispatcher: agent,
      method: req.method as Dispatcher.HttpMethod,
      headers: { ...passing(req.headers), ...signed },
      body: body.length === 0 ? null : body,
      signal,
    });
  }

  const front = await startFront(log, serve);
  log.info({ port: front.port }, 'agents of this node reach the gateways of the fleet');
  return {
    ...front,
    close: async () => {
      await front.close();
      await agent.destroy();
    },
  };
}

function pathOf(req: IncomingMessage): string {
  return `${GATEWAY_PATH}${req.url}`;
}

async function answerWith(res: ServerResponse, answer: Dispatcher.ResponseData): Promise<void> {
  res.writeHead(answer.statusCode, passing(answer.headers));
  // Pings come before the first word: they must not wait for it.
  res.flushHeaders();
  await pipeline(answer.body, res, { end: true });
}

function passing(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && !OF_ONE_HOP.test(name));
  return Object.fromEntries(kept) as Record<string, string | string[]>;
}
