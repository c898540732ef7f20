/** What the exit codes of `aaas` mean; 0 is success. */
export const EXIT = {
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  /** No key, a wrong one, or one that may not do this. */
  denied: 5,
  rateLimited: 6,
  /** A budget is used up. */
  budget: 7,
  /** It was waited for, and did not come in time. */
  timedOut: 8,
  interrupted: 130,
} as const;
