const WAIT_SECONDS = 300;
const WAIT_SECONDS_MAX = 3_600;

/** The `Prefer` header of RFC 7240, as far as we heed it. */
export function parsePrefer(header: string | undefined): { async: boolean; waitSeconds: number } {
  const wait = /(?:^|[,\s])wait=(\d{1,6})/i.exec(header ?? '')?.[1];
  return {
    async: /(?:^|[,\s])respond-async/i.test(header ?? ''),
    waitSeconds: Math.min(wait === undefined ? WAIT_SECONDS : Number(wait), WAIT_SECONDS_MAX),
  };
}
