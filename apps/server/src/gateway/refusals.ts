import type { GatewayError } from './anthropic-error.ts';

/** Whom neither a gateway nor the way to one lets in. */
export const NOT_FOUND: GatewayError = { status: 404, message: 'The model gateway has no such route.' };
export const NO_TOKEN: GatewayError = { status: 401, message: 'A token of the model gateway is required.' };
export const BAD_TOKEN: GatewayError = { status: 401, message: 'The token is not one of this model gateway.' };
export const NOT_YOURS: GatewayError = { status: 401, message: 'The token belongs to another sandbox.' };
