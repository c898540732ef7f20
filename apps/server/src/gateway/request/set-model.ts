import { scanBody } from './scan-body.ts';

/** The body with another model. Only the bytes of its name are exchanged; a body that names none is returned as it is. */
export function setModel(body: Buffer, model: string): Buffer {
  const span = scanBody(body)?.modelAt;
  if (!span) return body;
  return Buffer.concat([body.subarray(0, span.from), Buffer.from(JSON.stringify(model)), body.subarray(span.to)]);
}
