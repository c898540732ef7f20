/** What the exit codes of `aaas` mean; 0 is success. */
export const EXIT = {
  failed: 1,
  usage: 2,
  unreachable: 3,
  notFound: 4,
  interrupted: 130,
} as const;
