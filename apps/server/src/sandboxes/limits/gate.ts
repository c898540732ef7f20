// The program waits until its process stands in its group: from then on nothing that it begets is outside. When the
// server dies meanwhile the descriptor ends, and so does the wait. Under memory pressure of the whole machine agents
// go before the server. No core dumps: they would fill the disk of whoever made them.
const GATE = `
read -r _ <&4 || exit 125
exec 4<&-
{ echo 500 > /proc/self/oom_score_adj; } 2>/dev/null || :
ulimit -c 0
`;

/** The third is left to wrappers that talk to the server. */
export const GATE_DESCRIPTOR = 4;

/** A command that waits for a line on GATE_DESCRIPTOR, gives itself its limits and becomes the program. */
export function gated(
  program: { command: string; args: string[] },
  selfLimits: string[],
): { command: string; args: string[] } {
  const script = `${GATE}${selfLimits.join('\n')}\nexec "$@"`;
  return { command: '/bin/sh', args: ['-c', script, 'sh', program.command, ...program.args] };
}
