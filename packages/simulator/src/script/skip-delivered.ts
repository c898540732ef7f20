import type { Composition, Item } from './compose-response.ts';

/**
 * Leaves out what the conversation holds already. A harness that keeps the text of a cut stream asks for the rest
 * ("resume directly from where it stops"): it gets the rest. One that asks for the same again gets everything.
 */
export function skipDelivered(composition: Composition, delivered: string): Composition {
  const texts = composition.items.flatMap((item) =>
    'part' in item && item.part.kind === 'text' ? item.part.text : [],
  );
  const had = delivered.trimEnd();
  if (had === '' || !texts.join('').startsWith(had)) return composition;
  let left = had.length;
  const items = composition.items.flatMap((item): Item[] => {
    if (left <= 0) return [item];
    if (!('part' in item)) return [];
    const { part } = item;
    // A call behind all the text is still to be made; silences and thoughts before its end are over.
    if (part.kind !== 'text') return part.kind === 'tool' ? [item] : [];
    const rest = part.text.slice(left);
    left -= part.text.length;
    return rest === '' ? [] : [{ part: { ...part, text: rest } }];
  });
  return { ...composition, items };
}
