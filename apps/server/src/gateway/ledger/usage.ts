/** Tokens of one answer, as they are billed. */
export interface Usage {
  inputTokens: number;
  outputTokens: number;
  cacheReadInputTokens: number;
  cacheCreation5mInputTokens: number;
  cacheCreation1hInputTokens: number;
}

// More than any model takes; an absurd count from an upstream must not overflow the sums.
const MAX_COUNT = 1e10;

/**
 * Collects what an answer says of its usage. Counts are cumulative and may be repeated or corrected: of each field the
 * last value wins.
 */
export class UsageTally {
  #input = 0;
  #output = 0;
  #cacheRead = 0;
  #cacheCreation: number | null = null;
  #cacheCreation5m: number | null = null;
  #cacheCreation1h: number | null = null;

  /** `usage` as it stands in a message or a message_delta; anything else counts as nothing said. */
  add(usage: unknown): void {
    if (typeof usage !== 'object' || usage === null) return;
    const said = usage as Record<string, unknown>;
    this.#input = countOf(said.input_tokens) ?? this.#input;
    this.#output = countOf(said.output_tokens) ?? this.#output;
    this.#cacheRead = countOf(said.cache_read_input_tokens) ?? this.#cacheRead;
    this.#cacheCreation = countOf(said.cache_creation_input_tokens) ?? this.#cacheCreation;
    const split = said.cache_creation;
    if (typeof split !== 'object' || split === null) return;
    const parts = split as Record<string, unknown>;
    this.#cacheCreation5m = countOf(parts.ephemeral_5m_input_tokens) ?? this.#cacheCreation5m;
    this.#cacheCreation1h = countOf(parts.ephemeral_1h_input_tokens) ?? this.#cacheCreation1h;
  }

  get usage(): Usage {
    const oneHour = this.#cacheCreation1h ?? 0;
    const fiveMinutes = this.#cacheCreation5m ?? 0;
    // A later total without its parts: what is not known to live an hour lives five minutes.
    const total = this.#cacheCreation ?? oneHour + fiveMinutes;
    const keptOneHour = Math.min(oneHour, total);
    return {
      inputTokens: this.#input,
      outputTokens: this.#output,
      cacheReadInputTokens: this.#cacheRead,
      cacheCreation5mInputTokens: total - keptOneHour,
      cacheCreation1hInputTokens: keptOneHour,
    };
  }
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? Math.min(value, MAX_COUNT) : null;
}
