import { z } from 'zod';

const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
// What the connection itself needs, and what the platform sets: another value would break the request or its metering.
const OWN_HEADERS =
  /^(host|connection|keep-alive|content-length|transfer-encoding|accept-encoding|expect|te|trailer|upgrade)$/i;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

const name = z
  .string('must be a string')
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, dashes or underscores');
const modelName = z.string('must be a string').min(1, 'must not be empty').max(256, 'must have at most 256 characters');
const secret = z
  .string('must be a string')
  .min(1, 'must not be empty')
  .regex(/^[\x21-\x7e]+$/, 'must have no spaces and no characters beyond ASCII');
const seconds = (max: number) => z.int(`must be a whole number of seconds, 1 to ${max}`).min(1).max(max);

const baseUrl = z
  .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
  .refine((text) => {
    const url = URL.parse(text);
    return url !== null && url.search === '' && url.hash === '' && url.username === '' && url.password === '';
  }, 'must have no user, no query and no fragment')
  .refine((text) => !/\/v1\/*$/.test(text), 'must not end in /v1: the platform adds it');

const RealUpstream = z
  .strictObject({
    name: name.refine((text) => text !== 'simulator', 'must not be simulator: that is the built-in one'),
    simulator: z.literal(false, 'must be true or false').optional(),
    base_url: baseUrl,
    api_key: secret.optional(),
    api_key_file: z.string('must be a path').min(1, 'must not be empty').optional(),
    api_key_env: z
      .string('must be the name of an environment variable')
      .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of an environment variable')
      .optional(),
    auth: z.enum(['x-api-key', 'bearer'], 'must be x-api-key or bearer').default('x-api-key'),
    models: z.record(modelName, modelName).optional(),
    max_concurrency: z.int('must be a whole number').min(1).max(10_000).optional(),
    headers: z
      .record(
        z
          .string()
          .regex(HEADER_NAME, 'must be the name of a header')
          .refine((text) => !OWN_HEADERS.test(text), 'is a header that the platform sets itself'),
        z.string('must be a string').regex(HEADER_VALUE, 'must be printable ASCII'),
      )
      .optional(),
    connect_timeout_seconds: seconds(300).optional(),
    answer_timeout_seconds: seconds(3_600).optional(),
    silence_timeout_seconds: seconds(3_600).optional(),
  })
  .refine(
    (entry) => [entry.api_key, entry.api_key_file, entry.api_key_env].filter((key) => key !== undefined).length < 2,
    { path: ['api_key'], error: 'give one of api_key, api_key_file and api_key_env' },
  );

const SimulatorUpstream = z.strictObject({
  name: z.literal('simulator', 'must be simulator when simulator is true'),
  simulator: z.literal(true),
  models: z.record(modelName, modelName).optional(),
  max_concurrency: z.int('must be a whole number').min(1).max(10_000).optional(),
});

/** The value of UPSTREAMS once it is parsed: upstreams in the order in which they are asked. */
export const UpstreamList = z
  .array(z.unknown(), 'must be a JSON array of upstreams')
  .min(1, 'must name at least one upstream')
  .max(32, 'must name at most 32 upstreams')
  .transform((entries, context) => {
    const seen = new Set<string>();
    return entries.map((entry, index) => {
      const simulated = (entry as { simulator?: unknown } | null)?.simulator === true;
      const parsed = (simulated ? SimulatorUpstream : RealUpstream).safeParse(entry);
      if (!parsed.success) {
        for (const { path, message } of parsed.error.issues) {
          context.addIssue({ code: 'custom', path: [index, ...path], message });
        }
        return z.NEVER;
      }
      if (seen.has(parsed.data.name)) {
        context.addIssue({ code: 'custom', path: [index, 'name'], message: 'is the name of another one too' });
      }
      seen.add(parsed.data.name);
      return parsed.data as z.output<typeof RealUpstream> | z.output<typeof SimulatorUpstream>;
    });
  });
export type UpstreamList = z.output<typeof UpstreamList>;

/** UPSTREAMS as it stands in the environment. Messages never quote it: it may hold keys. */
export const UpstreamsJson = z
  .string()
  .transform((text, context): unknown => {
    try {
      return JSON.parse(text);
    } catch (error) {
      const at = /position \d+/.exec((error as Error).message)?.[0];
      context.addIssue({ code: 'custom', message: `must be a JSON array of upstreams${at ? `; error at ${at}` : ''}` });
      return z.NEVER;
    }
  })
  .pipe(UpstreamList);

export const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;
export type BreakerState = (typeof BREAKER_STATES)[number];

/** How an upstream is, as everybody may know it. */
export const UpstreamHealth = z
  .object({
    name: z.string(),
    state: z
      .enum(BREAKER_STATES)
      .describe('closed: it is used; open: it failed too often and is left alone; half-open: it is being tried again.'),
  })
  .meta({ id: 'UpstreamHealth' });
export type UpstreamHealth = z.infer<typeof UpstreamHealth>;
