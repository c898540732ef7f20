import { expect, test } from 'vitest';
import { openapiDocument } from '../../scripts/openapi-document.ts';
import { createClient } from '../create-client.ts';

const VERBS = ['get', 'post', 'put', 'patch', 'delete'];

/** Calls every method with made-up arguments. @returns what each asked for, as METHOD and path */
async function everythingThatIsAsked(): Promise<string[]> {
  const asked: string[] = [];
  const client = createClient({
    baseUrl: 'http://platform',
    apiKey: 'key',
    fetch: async (url, init) => {
      asked.push(`${init?.method} ${new URL(String(url)).pathname}`);
      return new Response('{}', { status: 418 });
    },
  });
  const nouns = Object.values(client).flatMap((noun) => (typeof noun === 'function' ? [noun] : Object.values(noun)));
  for (const method of nouns as ((...args: unknown[]) => unknown)[]) {
    for (const [id, second] of [
      ['x', 'x'],
      ['sesn_x', 'x'],
      ['x', ''],
      ['sesn_x', ''],
    ] as const) {
      const made = method(id, second, 'x') as AsyncIterable<unknown> | Promise<unknown>;
      const call = Symbol.asyncIterator in made ? made[Symbol.asyncIterator]().next() : made;
      await Promise.resolve(call).catch(() => {});
    }
  }
  return asked;
}

test('every operation of the API is reached by a method', async () => {
  const { paths } = (await openapiDocument()) as { paths: Record<string, Record<string, unknown>> };
  const asked = new Set(await everythingThatIsAsked());
  const missing = Object.entries(paths)
    .filter(([path]) => path.startsWith('/api/v1/'))
    .flatMap(([path, operations]) => VERBS.filter((verb) => verb in operations).map((verb) => ({ verb, path })))
    .filter(({ verb, path }) => {
      const form = new RegExp(`^${verb.toUpperCase()} ${path.replace(/\{[^}]+\}/g, '(x|sesn_x)')}$`);
      return ![...asked].some((request) => form.test(request));
    })
    .map(({ verb, path }) => `${verb.toUpperCase()} ${path}`);
  expect(missing).toEqual([]);
});
