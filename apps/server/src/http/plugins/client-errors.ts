import type { Socket } from 'node:net';
import { ERRORS, type ErrorCode, type Problem } from '@aaas/contract/errors';
import { newId } from '@aaas/contract/ids';

/** Of address and headers together. */
export const HEADERS_MAX_BYTES = 16 * 1024;

const REASONS: Record<string, { code: ErrorCode; detail: string }> = {
  HPE_HEADER_OVERFLOW: {
    code: 'headers_too_large',
    detail: `Address and headers are larger than ${HEADERS_MAX_BYTES / 1024} KiB together. Send less.`,
  },
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'bad_request', detail: 'The request did not arrive in time. Send it again.' },
};
const NOT_HTTP = { code: 'bad_request', detail: 'This is not HTTP. Check the address and the client.' } as const;

/** Answers what does not even parse as HTTP, and lets go of the connection. */
export function clientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const { code, detail } = REASONS[error.code ?? ''] ?? NOT_HTTP;
  const { status, title, retryable } = ERRORS[code];
  const request_id = newId('req');
  const problem: Problem = { type: `/docs#${code}`, title, status, code, detail, retryable, request_id };
  const body = JSON.stringify(problem);
  const headers = [
    `HTTP/1.1 ${status} ${title}`,
    'content-type: application/problem+json',
    `content-length: ${Buffer.byteLength(body)}`,
    `request-id: ${request_id}`,
    'connection: close',
  ];
  socket.end(`${headers.join('\r\n')}\r\n\r\n${body}`);
}
