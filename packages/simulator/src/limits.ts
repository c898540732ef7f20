/** Every bound of the simulator, in one place. None of them is reached by an honest client. */
export const LIMITS = {
  /** Bytes of one request body; more is answered 413, as Anthropic does. */
  bodyBytes: 32 * 1024 * 1024,
  /** Bytes of all bodies that are being received at one time; more is answered 529. */
  bodiesBytes: 1024 * 1024 * 1024,
  /** Requests in progress (a paced or stalled stream is one); more are answered 529. */
  requests: 10_000,
  /** Steps of one script. */
  scriptSteps: 1_000,
  /** Characters that `{{tool_result}}` may add to one response; what is beyond them is left out. */
  expandedCharacters: 4_000_000,
  /** Milliseconds of one wait, and of the silence of a stall. */
  waitMs: 3_600_000,
  /** Fault counters that are remembered; the least recently used is forgotten first. */
  faultCounters: 10_000,
} as const;
