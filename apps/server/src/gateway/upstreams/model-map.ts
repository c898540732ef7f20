/**
 * Which models an upstream serves, and what it calls them. A key is a model's name, or the beginning of names with a
 * star behind it; a value of `*` keeps the name. null: it serves whatever it is asked for, under the same name.
 */
export type ModelMap = Readonly<Record<string, string>>;

/** What the upstream calls a model, or null when it does not serve it. Of several beginnings the longest counts. */
export function mapModel(map: ModelMap | null, model: string): string | null {
  if (map === null) return model;
  const rule = ruleFor(map, model);
  if (rule === null) return null;
  const target = map[rule] as string;
  return target === '*' ? model : target;
}

/** The key of the map that decides on a model. */
export function ruleFor(map: ModelMap, model: string): string | null {
  if (Object.hasOwn(map, model) && !model.endsWith('*')) return model;
  let best: string | null = null;
  for (const key of Object.keys(map)) {
    if (!key.endsWith('*') || !model.startsWith(key.slice(0, -1))) continue;
    if (best === null || key.length > best.length) best = key;
  }
  return best;
}
