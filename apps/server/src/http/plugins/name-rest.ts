import type { jsonSchemaTransform } from 'fastify-type-provider-zod';

type Transform = typeof jsonSchemaTransform;
type Params = { properties?: Record<string, unknown> };

/**
 * Calls the rest of an address, `*` in a route, `path` in the description: no generator of clients can do with a
 * parameter called `*`.
 */
export function nameRest(describe: Transform): Transform {
  return (document) => {
    const { schema, url } = describe(document);
    const { '*': rest, ...named } = (schema as { params?: Params } | undefined)?.params?.properties ?? {};
    if (rest === undefined) return { schema, url };
    const properties = url.endsWith('/*') ? { ...named, path: rest } : named;
    return {
      schema: { ...schema, params: { type: 'object', properties, required: Object.keys(properties) } },
      url: url.replace(/\*$/, ':path'),
    };
  };
}
