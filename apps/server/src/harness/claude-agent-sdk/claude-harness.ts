import { prepareDirectory, sessionDirectory } from '../../directories/session-directory.ts';
import type { SessionRow } from '../../sessions/lifecycle/load-session.ts';
import type { Harness } from '../harness.ts';
import { openClaudeSession } from './open-session.ts';

/** The harness on the official Claude Agent SDK: loop and tools run in one Claude Code process per session. */
export function claudeHarness(node: {
  id: string;
  readonly incarnation: number;
  /** Resolves when the node holds its lease: nothing is started before. */
  mayAct(): Promise<void>;
  dataDir: string;
  /** First uid of the agents; null when the server is not root and agents share its user. */
  uidBase: number | null;
  gatewayUrl: string;
  issueToken(session: { sessionId: string; generation: number }): string;
  /** Variables of the MCP servers that run beside the agent, by server. */
  mcpSecrets(session: SessionRow): Promise<ReadonlyMap<string, Record<string, string>>>;
  /** Longest wait for MCP servers before the first turn, in milliseconds. */
  readonly mcpConnectMs: number;
}): Harness {
  // The SDK asks for a report of the process to learn which libc it has. The report would look up the name behind each
  // socket, one after another and on the main thread: without a DNS server that answers, everything stands still.
  Object.assign(process.report, { excludeNetwork: true });
  return {
    open: async ({ session, generation, interrupted, sink }) => {
      await node.mayAct();
      const directory = sessionDirectory(node.dataDir, session.id);
      const id = node.uidBase === null ? null : node.uidBase + session.number;
      const user = id === null ? null : { uid: id, gid: id };
      await prepareDirectory(node.dataDir, session.id, user);
      return openClaudeSession({
        session,
        interrupted,
        sink,
        name: { node: { id: node.id, incarnation: node.incarnation }, sessionId: session.id, generation },
        directory,
        user,
        gatewayUrl: node.gatewayUrl,
        gatewayToken: node.issueToken({ sessionId: session.id, generation }),
        mcpSecrets: await node.mcpSecrets(session),
        mcpConnectMs: node.mcpConnectMs,
      });
    },
  };
}
