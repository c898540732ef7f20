import type { Candidate, Fleet } from '../upstreams/fleet.ts';
import { ruleFor } from '../upstreams/model-map.ts';
import type { ModelLists } from './model-lists.ts';
import { deniesModel, type ListedModel } from './upstream-models.ts';

// Claude Code resolves these itself.
const SHORT_NAME = /^(default|best|sonnet|opus|haiku|opusplan)$/;
const LONG_CONTEXT = /\[1m\]$/;
/** A list that is older is renewed before a model is refused: it may have come since. */
const TRUSTED_MS = 30_000;

/**
 * Whether nobody serves a model for sure. What an upstream does not list may work all the same (an alias, a model with
 * another date), so it is asked for that name alone before a model counts as missing.
 */
export async function missingModel(
  fleet: Fleet,
  lists: ModelLists,
  principal: { simulated: boolean },
  model: string,
): Promise<boolean> {
  const name = model.replace(LONG_CONTEXT, '');
  if (SHORT_NAME.test(name)) return false;
  for (const candidate of await fleet.serving(principal, name)) {
    if (!(await isMissingAt(candidate, name, lists))) return false;
  }
  return true;
}

async function isMissingAt({ upstream, model }: Candidate, asked: string, lists: ModelLists): Promise<boolean> {
  // The simulator answers to every name.
  if (upstream.simulated) return false;
  // The operator has named it.
  if (upstream.models && ruleFor(upstream.models, asked) === asked) return false;
  const known = lists.known(upstream);
  if (!known) {
    void lists.renew(upstream);
    return false;
  }
  if (isListed(known.models, model)) return false;
  if (known.ageMs > TRUSTED_MS) {
    await lists.renew(upstream);
    if (isListed(lists.known(upstream)?.models ?? [], model)) return false;
  }
  return deniesModel(upstream, model);
}

function isListed(models: readonly ListedModel[], model: string): boolean {
  return models.some(({ id }) => id === model);
}
