import { type ModelMap, mapModel, ruleFor } from '../upstreams/model-map.ts';
import type { ListedModel } from './upstream-models.ts';

/** A model under the name by which agents ask for it. */
export interface Offer {
  id: string;
  /** As the upstream calls it. */
  model: string;
  displayName: string | null;
}

/** What an upstream offers, by its map and its own list. Not complete: it passes names on and does not list them. */
export function offersOf(
  map: ModelMap | null,
  listed: readonly ListedModel[] | null,
): { offers: Offer[]; complete: boolean } {
  const keys = Object.keys(map ?? {});
  const named = keys.filter((key) => !key.endsWith('*'));
  const offers: Offer[] = named.map((id) => {
    const model = mapModel(map, id) as string;
    return { id, model, displayName: listed?.find((one) => one.id === model)?.displayName ?? null };
  });
  for (const { id, displayName } of listed ?? []) {
    // A rule that gives many names to one model offers none of them in particular.
    if (mapModel(map, id) === id && !named.includes(id)) offers.push({ id, model: id, displayName });
  }
  const passesNamesOn = map === null || keys.some((key) => key.endsWith('*') && map[key] === '*');
  return { offers, complete: listed !== null || !passesNamesOn };
}

/** Which of the names that anybody offers an upstream answers to by a rule that gives many names to one model. */
export function renamedOf(
  map: ModelMap | null,
  names: ReadonlyMap<string, string | null>,
  own: readonly Offer[],
): Offer[] {
  if (map === null) return [];
  return [...names].flatMap(([id, displayName]) => {
    if (own.some((offer) => offer.id === id)) return [];
    const rule = ruleFor(map, id);
    const model = rule?.endsWith('*') ? (map[rule] as string) : '*';
    return model === '*' ? [] : [{ id, model, displayName }];
  });
}
