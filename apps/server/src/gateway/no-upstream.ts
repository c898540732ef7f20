import type { GatewayError } from './anthropic-error.ts';

const MAX_NAME_CHARS = 256;

/** Nobody serves the model. In the words of the provider, which clients know. */
export function noUpstream(model: string): GatewayError {
  return { status: 404, message: `model: ${model.slice(0, MAX_NAME_CHARS)} (no upstream of this platform serves it)` };
}
