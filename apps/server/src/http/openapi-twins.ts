import type { jsonSchemaTransformObject } from 'fastify-type-provider-zod';

type Document = ReturnType<typeof jsonSchemaTransformObject>;

const PREFIX = '#/components/schemas/';
const TWIN = /Input$/;
const REFERENCE = /"#\/components\/schemas\/(\w+)"/g;

/**
 * The library describes each named schema twice, as `X` for answers and as `XInput` for requests. Only what a route
 * reaches is kept, and a twin keeps its name only where both are used and differ (by a default, for example).
 */
export function withoutTwins(document: Document): Document {
  const components = 'components' in document ? document.components : undefined;
  if (!components?.schemas) return document;
  const schemas = components.schemas as Record<string, unknown>;
  const reached = reachedFrom(document.paths, schemas);
  const names = new Map<string, string>();
  for (const name of reached) {
    const plain = name.replace(TWIN, '');
    const lonely = !reached.has(plain) || alike(schemas[name], schemas[plain]);
    names.set(name, name !== plain && plain in schemas && lonely ? plain : name);
  }
  const rename = <T>(part: T): T =>
    JSON.parse(
      JSON.stringify(part).replace(REFERENCE, (_, name) => JSON.stringify(PREFIX + (names.get(name) ?? name))),
    );
  const kept = [...reached].sort().map((name) => [names.get(name), rename(schemas[name])]);
  return {
    ...document,
    paths: rename(document.paths),
    components: { ...components, schemas: Object.fromEntries(kept) },
  } as Document;
}

function reachedFrom(part: unknown, schemas: Record<string, unknown>, reached = new Set<string>()): Set<string> {
  for (const [, name] of JSON.stringify(part ?? {}).matchAll(REFERENCE)) {
    if (name === undefined || reached.has(name) || !(name in schemas)) continue;
    reached.add(name);
    reachedFrom(schemas[name], schemas, reached);
  }
  return reached;
}

/** The same, but for which of two twins they refer to. */
function alike(a: unknown, b: unknown): boolean {
  const plain = (part: unknown) => JSON.stringify(part).replace(REFERENCE, (text) => text.replace(/Input"$/, '"'));
  return plain(a) === plain(b);
}
