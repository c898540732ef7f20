import { type AuditOutcome, PLATFORM_CHAIN } from '@aaas/contract/audit';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AuditRecord } from '../../audit/append-entries.ts';
import { clientNetwork } from '../../limits/client-network.ts';
import { WindowCounter } from '../../limits/window-counter.ts';
import type { Api, App } from '../api.ts';
import { fieldsOf, resourceOf } from './audit-subject.ts';

const READS = new Set(['GET', 'HEAD', 'OPTIONS']);
const PATH_MAX_CHARS = 512;
const AGENT_MAX_CHARS = 256;
const WINDOW_MS = 60_000;
/** All who have no valid key together are recorded so many times as often as one of them. */
const STRANGERS_FACTOR = 10;

declare module 'fastify' {
  interface FastifyRequest {
    /** Its entry is written, or on its way. */
    audited: boolean;
    /** Names of the fields that the caller has sent. */
    fieldNames: string[];
    /** It reads secrets: recorded like a change, and answered after that. */
    readsSecrets: boolean;
  }
  interface FastifyReply {
    /** Records a request whose answer is an event stream, when the stream begins. */
    recordStream(): void;
  }
}

/** Records every change, every denial, and every read of secrets. Register it after idempotency, so that a kept answer is kept in any case. */
export function audit(app: App, api: Api): void {
  const denials = new WindowCounter(WINDOW_MS);
  app.decorateRequest('audited', false);
  app.decorateRequest('fieldNames');
  app.decorateRequest('readsSecrets', false);
  // Before defaults are filled in.
  app.addHook('preValidation', async (request) => {
    if (request.routeOptions.config.audit !== 'batched') request.fieldNames = fieldsOf(request.body);
  });
  app.decorateReply('recordStream', function recordStream(this: FastifyReply) {
    const { request } = this;
    if (isRecorded(request)) api.audit.add(recordOf(request, this.statusCode, resourceOf(request, this, null)));
    request.audited = true;
  });
  app.addHook('onSend', async (request, reply, payload) => {
    const { statusCode: status } = reply;
    // An error that comes of recording passes here once more.
    if (request.audited) return payload;
    request.audited = true;
    if (isDenied(request, status)) {
      if (mayRecordDenial(request)) api.audit.add(recordOf(request, status, null));
      return payload;
    }
    if (!isRecorded(request) || status === 501) return payload;
    const record = recordOf(request, status, resourceOf(request, reply, payload));
    // What was not done may go unrecorded for a moment; what was done must not.
    if (status >= 400 || request.routeOptions.config.audit === 'batched') api.audit.add(record);
    else await api.audit.write(record, api.settings.AUDIT_TIMEOUT * 1000);
    return payload;
  });

  /** Whoever is denied without end must not fill the disk with it: a minute holds so many, and of a flood the first. */
  function mayRecordDenial(request: FastifyRequest): boolean {
    const who = request.principal?.keyId ?? clientNetwork(request.ip);
    const isFlood = request.errorCode === 'rate_limited';
    const max = api.settings.AUDIT_DENIALS_PER_MINUTE;
    if (denials.add(`${isFlood ? 'flood ' : ''}${who}`) > (isFlood ? 1 : max)) return false;
    // A stranger may have any number of addresses.
    return Boolean(request.principal) || denials.add('strangers') <= max * STRANGERS_FACTOR;
  }
}

/** Changes are recorded whatever comes of them, and so are the few reads that show secrets. */
function isRecorded(request: FastifyRequest): boolean {
  if (request.is404 || !request.routeOptions.config.scope) return false;
  return request.readsSecrets || !READS.has(request.method);
}

function isDenied(request: FastifyRequest, status: number): boolean {
  if (request.is404 || !request.routeOptions.config.scope) return false;
  return status === 401 || status === 403 || request.errorCode === 'rate_limited';
}

function recordOf(request: FastifyRequest, status: number, resource: string | null): AuditRecord {
  const principal = request.principal as FastifyRequest['principal'] | undefined;
  return {
    chain: principal?.workspaceId ?? PLATFORM_CHAIN,
    at: new Date().toISOString(),
    request_id: request.id,
    client_request_id: request.clientRequestId,
    operation: request.routeOptions.config.operation ?? 'unknown',
    method: request.method,
    path: cut(request.url.split('?', 1)[0] as string, PATH_MAX_CHARS),
    resource_id: resource,
    key_id: principal?.keyId ?? null,
    client_address: request.ip ?? null,
    user_agent: request.headers['user-agent'] ? cut(request.headers['user-agent'], AGENT_MAX_CHARS) : null,
    status,
    outcome: outcomeOf(request, status),
    error_code: request.errorCode,
    fields: status < 400 ? (request.fieldNames ?? []) : [],
  };
}

function outcomeOf(request: FastifyRequest, status: number): AuditOutcome {
  if (request.replayed) return 'replayed';
  if (isDenied(request, status)) return 'denied';
  return status < 400 ? 'success' : 'failed';
}

/** What a client sent, in a form that can be stored and hashed. */
function cut(text: string, max: number): string {
  return text.slice(0, max).replaceAll('\u0000', '').toWellFormed();
}
