import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';
import { UpstreamBody } from './upstream-body.ts';

export interface Dispatched {
  status: number;
  headers: IncomingHttpHeaders;
  body: UpstreamBody;
}

/**
 * Sends a request and resolves with the headers of its answer. When the signal aborts it rejects at once, also while
 * the request waits for a connection, and a body that is being read breaks. `onSent` is called when the request goes
 * out on a connection.
 */
export function dispatch(
  pool: Dispatcher,
  options: Dispatcher.DispatchOptions,
  signal: AbortSignal,
  onSent: () => void,
): Promise<Dispatched> {
  return new Promise((resolve, reject) => {
    let controller: Dispatcher.DispatchController | null = null;
    let body: UpstreamBody | null = null;
    const onAbort = () => {
      const reason = signal.reason instanceof Error ? signal.reason : new Error('aborted');
      if (body) body.cancel(reason);
      else controller?.abort(reason);
      reject(reason);
    };
    if (signal.aborted) return onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    const settled = () => signal.removeEventListener('abort', onAbort);
    pool.dispatch(options, {
      onRequestStart(started) {
        // It was given up while it waited for a connection.
        if (signal.aborted) return started.abort(signal.reason);
        controller = started;
        onSent();
      },
      onResponseStart(started, status, headers) {
        if (status < 200) return;
        body = new UpstreamBody(started);
        resolve({ status, headers, body });
      },
      onResponseData(_, chunk) {
        body?.push(chunk);
      },
      onResponseEnd() {
        settled();
        body?.end();
      },
      onResponseError(_, error) {
        settled();
        if (body) body.fail(error);
        else reject(error);
      },
    });
  });
}
