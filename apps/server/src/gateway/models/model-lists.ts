import type { Clock } from '../clock.ts';
import type { OpenUpstream } from '../upstreams/upstream.ts';
import { fetchModels, type ListedModel } from './upstream-models.ts';

/** The models of upstreams, asked for again when they are old. */
export interface ModelLists {
  /** Waits for the first list of an upstream alone; an old one is renewed behind the answer. */
  of(upstream: OpenUpstream): Promise<ListedModel[] | null>;
  /** What is known now, without asking. */
  known(upstream: OpenUpstream): { models: ListedModel[]; ageMs: number } | null;
  renew(upstream: OpenUpstream): Promise<void>;
}

/** A list is renewed after this, and a failure tried again. */
const FRESH_MS = 300_000;
const FAILED_MS = 30_000;

export function createModelLists(clock: Pick<Clock, 'now'>): ModelLists {
  const lists = new Map<OpenUpstream, { models: ListedModel[] | null; at: number; ok: boolean }>();
  const asking = new Map<OpenUpstream, Promise<void>>();

  function renew(upstream: OpenUpstream): Promise<void> {
    let asked = asking.get(upstream);
    if (!asked) {
      asked = fetchModels(upstream)
        .then((models) => {
          // What it said before it failed still holds.
          const before = lists.get(upstream)?.models ?? null;
          lists.set(upstream, { models: models ?? before, at: clock.now(), ok: models !== null });
        })
        .finally(() => asking.delete(upstream));
      asking.set(upstream, asked);
    }
    return asked;
  }

  return {
    async of(upstream) {
      const list = lists.get(upstream);
      if (!list) await renew(upstream);
      else if (clock.now() - list.at > (list.ok ? FRESH_MS : FAILED_MS)) void renew(upstream);
      return lists.get(upstream)?.models ?? null;
    },
    known(upstream) {
      const list = lists.get(upstream);
      return list?.models ? { models: list.models, ageMs: clock.now() - list.at } : null;
    },
    renew,
  };
}
