import type { Model, ModelList } from '@aaas/contract/models';
import type pg from 'pg';
import type { Clock } from '../clock.ts';
import type { Fleet } from '../upstreams/fleet.ts';
import { missingModel } from './missing-model.ts';
import { createModelLists } from './model-lists.ts';
import { nearest } from './nearest.ts';
import { offersOf, renamedOf } from './offers.ts';
import { priceEntry } from './price-entry.ts';

/** The models that agents may use. */
export interface ModelCatalogue {
  /** What the upstreams of a workspace serve, as far as they say. Takes no longer than the slowest list. */
  list(workspaceId: string): Promise<ModelList>;
  /** Null: the model may work. Else names that do and resemble it: every upstream has said that it has no such model. */
  missing(workspaceId: string, model: string): Promise<string[] | null>;
  /** Asks every upstream for its list, so that the first who wants to know does not wait. */
  prefetch(): void;
}

const SIMULATED = { name: 'gateway-workspace-simulated', text: 'select simulated from workspaces where id = $1' };

export function createModelCatalogue(fleet: Fleet, pool: pg.Pool, clock: Pick<Clock, 'now'>): ModelCatalogue {
  const lists = createModelLists(clock);

  async function upstreamsOf(workspaceId: string) {
    const { rows } = await pool.query<{ simulated: boolean }>({ ...SIMULATED, values: [workspaceId] });
    const principal = { simulated: rows[0]?.simulated ?? false };
    return { principal, upstreams: (await fleet.serving(principal, '')).map(({ upstream }) => upstream) };
  }

  async function list(workspaceId: string): Promise<ModelList> {
    const { upstreams } = await upstreamsOf(workspaceId);
    const listed = await Promise.all(upstreams.map((upstream) => lists.of(upstream)));
    const offered = upstreams.map((upstream, index) => offersOf(upstream.models ?? null, listed[index] ?? null));
    const unlisted = upstreams.filter((_, index) => !offered[index]?.complete).map(({ name }) => name);
    const names = new Map(offered.flatMap(({ offers }) => offers.map(({ id, displayName }) => [id, displayName])));
    const models = new Map<string, Model>();
    for (const [index, upstream] of upstreams.entries()) {
      const offers = offered[index]?.offers ?? [];
      for (const { id, model, displayName } of [...offers, ...renamedOf(upstream.models ?? null, names, offers)]) {
        const known = models.get(id);
        if (known) known.upstreams.push({ name: upstream.name, model });
        else {
          models.set(id, {
            id,
            display_name: displayName ?? id,
            upstreams: [{ name: upstream.name, model }],
            ...priceEntry(model, upstream.simulated),
            simulated: upstream.simulated,
          });
        }
      }
    }
    return { data: [...models.values()], next_cursor: null, unlisted_upstreams: unlisted };
  }

  return {
    list,
    async missing(workspaceId, model) {
      const { principal } = await upstreamsOf(workspaceId);
      if (!(await missingModel(fleet, lists, principal, model))) return null;
      return nearest(
        model,
        (await list(workspaceId)).data.map(({ id }) => id),
      );
    },
    prefetch() {
      for (const upstream of fleet.all()) void lists.renew(upstream);
    },
  };
}
