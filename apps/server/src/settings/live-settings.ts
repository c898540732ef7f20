import { isLive, isSecret, type LiveSettingName, type SettingName, Settings } from '@aaas/contract/settings';
import type { SettingView } from '@aaas/contract/settings-api';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import type { LoadedSettings } from '../config/load-settings.ts';
import { type ResolvedSettings, resolveSettings, type SettingLayer } from '../config/resolve-settings.ts';
import { type Override, readOverrides } from './read-overrides.ts';

// A change on another node is in force here at most this much later.
const POLL_MS = 1_000;

type Listener = (changed: LiveSettingName[]) => void;

/**
 * The settings of a running node: what it was started with, and above it the rows of the table `settings`, which all
 * nodes share. `current` is one object for as long as the node lives; a change is written into it.
 */
export class LiveSettings {
  readonly current: Settings;
  readonly #pool: Pool;
  readonly #log: Logger;
  readonly #layers: SettingLayer[];
  readonly #listeners: Listener[] = [];
  readonly #poll: NodeJS.Timeout;
  #overrides: Override[] = [];
  #resolved: ResolvedSettings;
  #reading: Promise<void> | null = null;

  private constructor(loaded: LoadedSettings, pool: Pool, log: Logger) {
    this.current = loaded.settings;
    this.#layers = loaded.layers;
    this.#resolved = resolveSettings(loaded.layers);
    this.#pool = pool;
    this.#log = log;
    this.#poll = setInterval(() => {
      this.refresh().catch((error) => log.error({ err: error }, 'failed to read the settings'));
    }, POLL_MS);
  }

  /** Reads the table and follows it until `close`. The object that was loaded becomes the live one. */
  static async open(loaded: LoadedSettings, pool: Pool, log: Logger): Promise<LiveSettings> {
    const live = new LiveSettings(loaded, pool, log);
    await live.refresh();
    return live;
  }

  /** Called after a change is in force, with the names that changed. */
  onChange(listener: Listener): void {
    this.#listeners.push(listener);
  }

  /** Reads the table now. Calls at the same time share one reading. */
  refresh(): Promise<void> {
    this.#reading ??= readOverrides(this.#pool)
      .then((overrides) => this.#apply(overrides))
      .finally(() => {
        this.#reading = null;
      });
    return this.#reading;
  }

  /** What would hold with these rows in the table. */
  resolveWith(values: SettingLayer['values']): ResolvedSettings {
    return resolveSettings([{ source: 'live', values }, ...this.#layers]);
  }

  /** Every setting with its value and where that comes from. Secrets are only said to be set. */
  view(): SettingView[] {
    return (Object.keys(Settings.shape) as SettingName[]).map((name) => {
      const override = this.#overrides.find((row) => row.name === name);
      const value = this.current[name];
      return {
        name,
        value: shown(name, value),
        source: this.#resolved.sources[name],
        default: shown(name, Settings.shape[name].safeParse(undefined).data),
        live: isLive(name),
        secret: isSecret(name),
        description: Settings.shape[name].description ?? '',
        updated_at: override?.updatedAt.toISOString() ?? null,
        updated_by: override?.updatedBy ?? null,
      };
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#poll);
    await this.#reading?.catch(() => {});
  }

  #apply(overrides: Override[]): void {
    const known = overrides.filter(({ name }) => isLive(name));
    const values = Object.fromEntries(known.map(({ name, value }) => [name, value]));
    const resolved = this.resolveWith(values);
    if (!resolved.settings) {
      // Written by another release, or past the API: what was in force stays so.
      this.#log.error({ problems: resolved.problems }, 'the table settings holds what this release cannot use');
      return;
    }
    this.#overrides = known;
    this.#resolved = resolved;
    const next = resolved.settings;
    const changed = (Object.keys(Settings.shape) as SettingName[]).filter(
      (name): name is LiveSettingName => isLive(name) && this.current[name] !== next[name],
    );
    for (const name of changed) Object.assign(this.current, { [name]: next[name] });
    if (changed.length > 0) for (const listener of this.#listeners) listener(changed);
  }
}

function shown(name: SettingName, value: Settings[SettingName]): SettingView['value'] {
  if (value === undefined) return null;
  return isSecret(name) || typeof value === 'object' ? '[set]' : value;
}
