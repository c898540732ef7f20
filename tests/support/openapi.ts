/** What tests read of /openapi.json. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  default?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  minLength?: number;
  minimum?: number;
  exclusiveMinimum?: number;
  format?: string;
  pattern?: string;
}

export interface Route {
  method: string;
  /** With parameters in braces. */
  path: string;
  pathParameters: string[];
  queryParameters: string[];
  body: Schema | null;
  /** Null: no key is needed; any: every key will do. */
  scope: string | null;
}

interface Description {
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

interface Operation {
  parameters?: { in: string; name: string }[];
  requestBody?: { content?: Record<string, { schema?: Schema }> };
  security?: Record<string, string[]>[];
}

/** Every route that a running server describes. */
export function routesOf(description: Description): Route[] {
  return Object.entries(description.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      pathParameters: [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1] as string),
      queryParameters: (operation.parameters ?? [])
        .filter(({ in: place }) => place === 'query')
        .map(({ name }) => name),
      body: operation.requestBody?.content?.['application/json']?.schema ?? null,
      scope: scopeOf(operation),
    })),
  );
}

function scopeOf({ security }: Operation): string | null {
  if (security?.length === 0) return null;
  return security?.[0]?.key?.[0] ?? 'any';
}

export function schemasOf(description: Description): Record<string, Schema> {
  return description.components?.schemas ?? {};
}
