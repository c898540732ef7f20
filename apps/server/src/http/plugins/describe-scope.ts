import { SCOPES, type Scope } from '@aaas/contract/scopes';
import { jsonSchemaTransform } from 'fastify-type-provider-zod';

/** The description of a route for /openapi.json, with the scope that it needs. */
export const describeRoute: typeof jsonSchemaTransform = (document) => {
  const { schema, url } = jsonSchemaTransform(document);
  const scope = (document as { route?: { config?: { scope?: Scope | 'any' | null } } }).route?.config?.scope;
  if (!schema || schema.hide || scope === undefined) return { schema, url };
  if (scope === null) return { schema: { ...schema, security: [] }, url };
  const scopes = scope === 'any' ? [] : [scope];
  const needs = scope === 'any' ? 'Any key will do.' : `Needs the scope \`${scope}\`: ${SCOPES[scope]}`;
  return {
    schema: {
      ...schema,
      description: [schema.description, needs].filter(Boolean).join('\n\n'),
      security: [{ key: scopes }, { bearer: scopes }],
    },
    url,
  };
};
