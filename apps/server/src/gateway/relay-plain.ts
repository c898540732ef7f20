import { sendFailure } from './answers/send-failure.ts';
import { sendWhole } from './answers/send-whole.ts';
import { sendError } from './anthropic-error.ts';
import type { Call, GatewayContext } from './gateway-context.ts';
import { newCourse } from './ledger/entry-of.ts';
import { noUpstream } from './no-upstream.ts';
import { redact } from './redact.ts';
import { scanBody } from './request/scan-body.ts';
import { setModel } from './request/set-model.ts';
import { type Outgoing, type Sent, sendUpstream } from './send-upstream.ts';
import { STALE, StaleGeneration } from './stale-generation.ts';
import { clientHeaders } from './upstreams/response-headers.ts';

/** `count_tokens` and `models`: forwarded as they are, free of charge and so not in the ledger. */
export async function relayPlain(context: GatewayContext, call: Call, method: 'GET' | 'POST'): Promise<void> {
  const { res } = call;
  const outgoing = method === 'POST' ? counting(call) : asking(call.path);
  let sent: Sent | null;
  try {
    sent = await sendUpstream(context, call, outgoing, newCourse(call.startedAt));
  } catch (error) {
    if (error instanceof StaleGeneration) return sendError(res, STALE);
    throw error;
  }
  if (!sent) return sendError(res, noUpstream(outgoing.model));
  const { outcome, upstream, release } = sent;
  release();
  if (outcome.kind === 'stream') {
    outcome.rest.cancel();
    sendError(res, { status: 502, message: 'The model provider answered with a stream where none was expected.' });
  } else if (outcome.kind === 'whole' && outcome.status < 300) {
    const { secrets } = upstream;
    sendWhole(res, outcome.status, clientHeaders(outcome.headers, secrets), redact(outcome.body, secrets));
  } else sendFailure(res, outcome, upstream.secrets);
}

/** A body that cannot be read is for the upstream to judge. */
function counting({ path, body }: Call): Outgoing {
  const model = scanBody(body)?.model ?? '';
  return {
    model,
    requestFor: (name) => ({ method: 'POST', path, body: name === model ? body : setModel(body, name) }),
  };
}

const ONE_MODEL = /^\/v1\/models\/([^/?]+)/;

/** The list of models, which any upstream may answer, or one of them. */
function asking(path: string): Outgoing {
  const model = ONE_MODEL.exec(path)?.[1] ?? '';
  return {
    model,
    requestFor: (name) => ({
      method: 'GET',
      path: name === model ? path : path.replace(ONE_MODEL, () => `/v1/models/${encodeURIComponent(name)}`),
      body: null,
    }),
  };
}
