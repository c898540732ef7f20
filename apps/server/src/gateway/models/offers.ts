import { type ModelMap, mapModel } from '../upstreams/model-map.ts';
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
