import type { Principal } from '../principal.ts';
import { mapModel } from './model-map.ts';
import { type GatewaySettings, type OpenUpstream, openUpstream, type Upstream } from './upstream.ts';

/** An upstream that serves a model, and what it calls it. */
export interface Candidate {
  upstream: OpenUpstream;
  model: string;
}

/** Every upstream of this process. */
export interface Fleet {
  /** Those that are open, in the order in which they are asked. */
  all(): OpenUpstream[];
  /**
   * Who may answer for a workspace and serves the model, in order; `model` empty: whoever. Test workspaces have the
   * simulator and nobody else; the others have it only when there is nothing but it.
   */
  serving(principal: Pick<Principal, 'simulated'>, model: string): Promise<Candidate[]>;
  close(): Promise<void>;
}

export interface FleetOptions {
  upstreams: readonly Upstream[];
  /** Starts the simulator; called when a test workspace first asks and none is among the upstreams. */
  simulator(): Promise<Upstream>;
  settings: GatewaySettings;
  now(): number;
}

export function openFleet({ upstreams, simulator, settings, now }: FleetOptions): Fleet {
  const given = upstreams.map((upstream) => openUpstream(upstream, settings, now));
  const real = given.filter((upstream) => !upstream.simulated);
  const forEverybody = real.length > 0 ? real : given;
  let extra: OpenUpstream | null = null;
  let starting: Promise<OpenUpstream> | null = null;

  function simulated(): OpenUpstream | Promise<OpenUpstream> {
    const known = given.find((upstream) => upstream.simulated) ?? extra;
    if (known) return known;
    starting ??= simulator()
      .then((upstream) => {
        extra = openUpstream(upstream, settings, now);
        return extra;
      })
      .finally(() => {
        // One that could not start is started again for the next who asks.
        starting = null;
      });
    return starting;
  }

  return {
    all: () => (extra ? [...given, extra] : given),
    async serving(principal, model) {
      const asked = principal.simulated ? [await simulated()] : forEverybody;
      return asked.flatMap((upstream) => {
        const mapped = model === '' ? model : mapModel(upstream.models ?? null, model);
        return mapped === null ? [] : [{ upstream, model: mapped }];
      });
    },
    async close() {
      await starting?.catch(() => {});
      await Promise.all([...given, ...(extra ? [extra] : [])].map((upstream) => upstream.close()));
    },
  };
}
