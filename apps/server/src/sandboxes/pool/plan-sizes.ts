/** What is known of a kind of spare. */
export interface KindDemand {
  key: string;
  /** Starts a second that a spare of this kind could serve. */
  rate: number;
  /** Seconds until a spare that is begun now is ready. */
  makeSeconds: number;
}

// A kind that is wanted less than once in an hour is not kept warm: after one start, that is a quarter of an hour.
const RATE_MIN = 1 / 3_600;

/**
 * How many spares of each kind to keep, for kinds in the order of their importance when demand does not tell. While a
 * spare is being made, `rate × makeSeconds` starts come on average; twice the square root of that on top covers the
 * unevenness of what comes by chance. `min` spares are kept however little is wanted, shared as the demand is; `max` are
 * never exceeded.
 */
export function planSizes(
  kinds: KindDemand[],
  { min, max }: { min: number; max: number },
): { sizes: Map<string, number>; wanted: number } {
  const ranked = kinds.toSorted((a, b) => b.rate - a.rate);
  const wishes = new Map(ranked.map((kind) => [kind.key, wishOf(kind)]));
  let wanted = [...wishes.values()].reduce((sum, wish) => sum + wish, 0);
  for (; wanted < min && ranked.length > 0; wanted++) {
    const { key } = neediest(ranked, wishes);
    wishes.set(key, (wishes.get(key) ?? 0) + 1);
  }
  // One for each before a second for any.
  const sizes = new Map<string, number>();
  for (let left = Math.min(wanted, max); left > 0; ) {
    for (const { key } of ranked) {
      const size = sizes.get(key) ?? 0;
      if (left === 0 || size >= (wishes.get(key) ?? 0)) continue;
      sizes.set(key, size + 1);
      left--;
    }
  }
  return { sizes, wanted };
}

function wishOf({ rate, makeSeconds }: KindDemand): number {
  if (rate < RATE_MIN) return 0;
  const meanwhile = rate * makeSeconds;
  return Math.ceil(meanwhile + 2 * Math.sqrt(meanwhile));
}

/** For whom one more is worth most: the most starts for each spare; where none are, the fewest spares. */
function neediest(ranked: KindDemand[], wishes: Map<string, number>): KindDemand {
  const sizeOf = ({ key }: KindDemand) => wishes.get(key) ?? 0;
  const worth = (kind: KindDemand) => kind.rate / (sizeOf(kind) + 1);
  return ranked.reduce((best, kind) => {
    const more = worth(kind) - worth(best);
    return more > 0 || (more === 0 && sizeOf(kind) < sizeOf(best)) ? kind : best;
  });
}
