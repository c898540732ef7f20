import { z } from 'zod';
import { whole } from './forms.ts';

const ORIGIN = String.raw`(?:\*|https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?)`;
const ORIGINS = new RegExp(`^(?:${ORIGIN}(?:\\s*,\\s*${ORIGIN})*)?$`);
const PROXIES = /^(false|[0-9a-f.:/]{2,64}(\s*,\s*[0-9a-f.:/]{2,64})*)$/i;

/** How the API is reached, and what it takes. */
export const httpSettings = {
  MAX_BODY_MB: whole(1, 256).default(32).describe('Largest body of a request, in MiB.'),
  MAX_CONNECTIONS: whole(10, 1_000_000)
    .default(10_000)
    .describe('Open client connections of this process; those beyond are closed at once.'),
  MAX_OPEN_REQUESTS_PER_WORKSPACE: whole(1, 1_000_000)
    .default(1_000)
    .describe('Requests and event streams that one workspace may have open at this process at once.'),
  ALLOWED_ORIGINS: z
    .string()
    .regex(ORIGINS, 'must be origins such as https://console.example.com with commas between them, or *')
    .default('')
    .describe('Origins whose pages may call the API from a browser, with commas between them. Default: none.'),
  TRUST_PROXY: z
    .string()
    .regex(PROXIES, 'must be false, or addresses and networks of proxies with commas between them')
    .default('false')
    .describe('Addresses and networks (10.0.0.0/8) of the proxies whose X-Forwarded-For is believed.'),
};
