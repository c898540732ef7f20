import { PassThrough, pipeline, Readable } from 'node:stream';
import { ApiError } from '@aaas/contract/errors';
import replyFrom from '@fastify/reply-from';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { findDirectoryNode } from '../../directories/find-directory-node.ts';
import { chooseHome } from '../../fleet/nodes/choose-home.ts';
import { signCall } from '../../internal/node-token.ts';
import type { Api, App } from '../api.ts';
import { sessionOf } from '../routes/ops/sessions/session-target.ts';

const RETRY_AFTER_SECONDS = 5;
const CONNECT_TIMEOUT_MS = 3_000;
/** An upload may take as long as its client does; an archive is packed before its first byte. */
const HEADERS_TIMEOUT_MS = 900_000;
/** Headers that say who asks: the other node believes us, and learns no key. */
const OF_CALLER = ['x-api-key', 'authorization', 'cookie', 'x-aaas-node', 'x-aaas-principal'];
/** Headers between a caller and us, of which undici refuses most; a `100 Continue` has been said by now. */
const OF_ONE_HOP = /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect)$/;

/**
 * Sends requests about a working directory on to the node where it lies. Register it in the scope of such routes; where
 * everything is on one node it does nothing.
 */
export async function toDirectory(app: App, api: Api): Promise<void> {
  if (!api.fleet) return;
  await app.register(replyFrom, {
    // Unless it is told so, it believes any certificate.
    undici: {
      connect: { timeout: CONNECT_TIMEOUT_MS, rejectUnauthorized: true },
      allowH2: false,
      headersTimeout: HEADERS_TIMEOUT_MS,
      bodyTimeout: 0,
    },
    disableCache: true,
    // It would ask ten times more after a 503, and take the seconds of retry-after for milliseconds.
    retryMethods: [],
    disableRequestLogging: true,
  });
  app.addHook('preHandler', async (request, reply) => {
    const node = await nodeFor(api, request as FastifyRequest<{ Params: Record<string, string> }>);
    if (node) return send(api, request, reply, node);
  });
}

/** The node to send a request to; null: this one serves it. */
async function nodeFor(api: Api, request: FastifyRequest<{ Params: Record<string, string> }>) {
  const { fleet } = api;
  if (!fleet) return null;
  // What makes a directory is done wherever one can lie.
  const makes = request.routeOptions.config.operation === 'agents.import';
  const owner = makes ? null : await findDirectoryNode(api.ctx.pool, await sessionOf(api, request as never));
  if (owner !== null && owner === api.directories?.nodeId) return null;
  const known = owner === null ? undefined : fleet.nodes.get(owner);
  if (known) {
    if (known.address !== null) return { id: known.id, address: known.address };
    throw elsewhere(`The working directory lies on the node ${known.id}, which cannot be reached from here.`);
  }
  // Nobody has it yet, or any more: a worker makes it, or restores what is kept of it.
  const home = chooseHome(fleet.nodes, api.directories !== null);
  if (home !== null) return home === 'here' ? null : home;
  throw elsewhere('No worker of this fleet can be reached.');
}

function send(api: Api, request: FastifyRequest, reply: FastifyReply, node: { id: string; address: string }) {
  const path = `/directories${request.url}`;
  const { pathname, search } = new URL(`${node.address}${path}`);
  // Our signature opens every path of the other node: `..` must not lead out of this one.
  if (pathname + search !== path) {
    throw new ApiError('invalid_request', 'The path holds . or .. or characters that are not percent-encoded.');
  }
  if (request.body instanceof Readable) {
    // Whoever sends it on destroys it at its end, and with the request itself its socket, which others still ask.
    request.body = pipeline(request.body, new PassThrough(), () => {});
  }
  return reply.from(`${node.address}${path}`, {
    rewriteRequestHeaders: (_request, headers) => ({
      ...Object.fromEntries(
        Object.entries(headers).filter(([name]) => !OF_CALLER.includes(name) && !OF_ONE_HOP.test(name)),
      ),
      'x-request-id': request.id,
      ...signCall(api.fleet?.secret as Buffer, api.nodeId, {
        method: request.method,
        path,
        principal: request.principal,
      }),
    }),
    onError: (failed, { error }) => {
      const shown = elsewhere(`The node ${node.id}, where the working directory lies, did not answer.`, error);
      void failed.send(shown);
    },
  });
}

function elsewhere(words: string, cause?: unknown): ApiError {
  return new ApiError('directory_elsewhere', `${words} Try again in a moment.`, {
    cause,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
