import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/**
 * What the description says of a route: the rest of an address, `*` in the route, has the name `path` there, for no
 * generator of clients can do with a parameter called `*`.
 */
export const describeRoute: typeof jsonSchemaTransform = (route) => {
  const { schema, url } = jsonSchemaTransform(route);
  const { params } = schema as { params?: { properties?: Record<string, unknown>; required?: string[] } };
  const { '*': path, ...named } = params?.properties ?? {};
  if (path === undefined) return { schema, url };
  const isThere = url.endsWith('/*');
  return {
    schema: {
      ...schema,
      params: {
        ...params,
        properties: { ...named, ...(isThere ? { path } : {}) },
        required: [...Object.keys(named), ...(isThere ? ['path'] : [])],
      },
    },
    url: url.replace(/\*$/, ':path'),
  };
};
