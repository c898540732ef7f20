import type { Schema } from './openapi.ts';

type Schemas = Record<string, Schema>;

const DEEPEST = 8;
/** Tried in turn against a pattern. */
const TEXTS = ['text', 'a', 'A', '1', '0 * * * *', 'a.b', 'a/b', 'https://example.com', 'claude-sonnet-5-5'];

/**
 * Bodies that a schema probably accepts: the smallest, and that with one optional property more. `ids` are values for
 * properties by their name, wherever they stand.
 */
export function sampleBodies(schema: Schema, schemas: Schemas, ids: Record<string, string> = {}): unknown[] {
  const object = resolve(schema, schemas);
  const smallest = sampleOf(object, schemas, ids, 0);
  if (!object.properties) return [smallest];
  const optional = Object.keys(object.properties).filter((name) => !(name in (smallest as object)));
  return [
    smallest,
    ...optional.map((name) => ({
      ...(smallest as object),
      [name]: sampleOf(object.properties?.[name] ?? {}, schemas, ids, 1),
    })),
  ];
}

/** Names of all properties at any depth. */
export function propertyNames(schema: Schema, schemas: Schemas, depth = 0): Set<string> {
  const found = resolve(schema, schemas);
  if (depth > DEEPEST) return new Set();
  const below = [
    ...Object.values(found.properties ?? {}),
    ...(found.items ? [found.items] : []),
    ...(found.anyOf ?? []),
    ...(found.oneOf ?? []),
    ...(found.allOf ?? []),
  ].flatMap((part) => [...propertyNames(part, schemas, depth + 1)]);
  return new Set([...Object.keys(found.properties ?? {}), ...below]);
}

function sampleOf(schema: Schema, schemas: Schemas, ids: Record<string, string>, depth: number): unknown {
  const found = resolve(schema, schemas);
  if (found.const !== undefined) return found.const;
  if (found.enum) return found.enum[0];
  const one = (found.anyOf ?? found.oneOf)?.find((part) => part.type !== 'null');
  if (one) return sampleOf(one, schemas, ids, depth);
  const type = [found.type].flat().find((name) => name !== 'null');
  if (type === 'object' || found.properties) return sampleObject(found, schemas, ids, depth);
  if (type === 'array') return (found.minItems ?? 0) > 0 ? [sampleOf(found.items ?? {}, schemas, ids, depth + 1)] : [];
  if (type === 'integer' || type === 'number') return Math.max(found.minimum ?? 1, (found.exclusiveMinimum ?? 0) + 1);
  if (type === 'boolean') return true;
  return sampleText(found);
}

function sampleObject(schema: Schema, schemas: Schemas, ids: Record<string, string>, depth: number): object {
  if (depth > DEEPEST) return {};
  const properties = Object.entries(schema.properties ?? {});
  const wanted = properties.filter(([name]) => schema.required?.includes(name) || name in ids);
  return Object.fromEntries(wanted.map(([name, part]) => [name, ids[name] ?? sampleOf(part, schemas, ids, depth + 1)]));
}

function sampleText({ format, pattern, minLength = 0 }: Schema): string {
  if (format === 'date-time') return new Date(Date.now() + 3_600_000).toISOString();
  if (format === 'uri') return 'https://example.com/';
  const fits = pattern && TEXTS.find((text) => new RegExp(pattern).test(text));
  return (fits ?? 'text').padEnd(minLength, 'x');
}

function resolve(schema: Schema, schemas: Schemas): Schema {
  const name = schema.$ref?.split('/').at(-1);
  return name === undefined ? schema : resolve(schemas[name] ?? {}, schemas);
}
