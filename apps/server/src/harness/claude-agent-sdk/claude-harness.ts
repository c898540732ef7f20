import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { PoolMiss } from '@aaas/contract/starts';
import { hasDirectory } from '../../directories/cell-directory.ts';
import { prepareDirectory, type SessionDirectory, sessionDirectory } from '../../directories/session-directory.ts';
import { firstUntraversable } from '../../processes/first-untraversable.ts';
import type { User } from '../../processes/passage.ts';
import type { Confinement } from '../../sandboxes/isolation/confinement.ts';
import type { SandboxLimits } from '../../sandboxes/limits/open-limits.ts';
import type { WarmPool } from '../../sandboxes/pool/warm-pool.ts';
import type { CellDirectory, CellIdentity } from '../../sessions/lifecycle/bind-cell.ts';
import type { SessionRow } from '../../sessions/lifecycle/load-session.ts';
import { Fenced, type OwnedSession } from '../../sessions/session-context.ts';
import type { Harness, HarnessSession } from '../harness.ts';
import { type CellKind, kindOf } from './cells/cell-kind.ts';
import { claimCell } from './cells/claim-cell.ts';
import type { Cell } from './cells/make-cell.ts';
import { enclose } from './enclose.ts';
import { openClaudeSession } from './open-session.ts';
import type { ProcessSecrets } from './process-options.ts';

/** The node that processes are started on. */
export interface HarnessNode {
  id: string;
  readonly incarnation: number;
  /** Resolves when the node holds its lease: nothing is started before. */
  mayAct(): Promise<void>;
  dataDir: string;
  /** Whom the processes of a session with this number run as; null: the server's own user. */
  userOf(number: number): User | null;
  limits: SandboxLimits;
  gatewayUrl: string;
  /** @throws StartRefused when this node must not run this definition, or agents of that workspace. */
  admit(session: SessionRow): Promise<void>;
  /** Prepares the sandbox of the next process of a session or a cell; null: it gets none. */
  confine(tenant: Tenant): Promise<Confinement | null>;
  issueToken(session: { sessionId: string; generation: number }): string;
  /** What is stored sealed and its process is to know. */
  secretsOf(session: SessionRow): Promise<ProcessSecrets>;
  /** Longest wait for MCP servers before the first turn, in milliseconds. */
  readonly mcpConnectMs: number;
  cells: {
    reserve(): Promise<{ id: string; number: number }>;
    /** @throws Fenced when the generation has ended. */
    bind(owned: OwnedSession, cell: CellIdentity, directory: CellDirectory): Promise<boolean>;
    unbind(owned: OwnedSession, before: Omit<CellIdentity, 'cellId'>, directory: CellDirectory): Promise<void>;
  };
  /**
   * Makes sure that the directory that lies here is the one that counts; for a session that had none, the row says so
   * from now on. @throws Fenced when the generation has ended
   */
  settleDirectory(owned: OwnedSession, copy: string | null): Promise<void>;
}

/** For whom a sandbox is. */
export interface Tenant {
  id: string;
  directory: SessionDirectory;
  user: User | null;
  definition: AgentDefinition;
}

type OpenRequest = Parameters<Harness['open']>[0];

/** The harness on the official Claude Agent SDK: loop and tools run in one Claude Code process per session. */
export function claudeHarness(node: HarnessNode, pool: WarmPool<CellKind, Cell>): Harness {
  // The SDK asks for a report of the process to learn which libc it has. The report would look up the name behind each
  // socket, one after another and on the main thread: without a DNS server that answers, everything stands still.
  Object.assign(process.report, { excludeNetwork: true });
  return {
    open: async (request) => {
      await node.mayAct();
      const { session, generation, interrupted, sink, clock } = request;
      await node.admit(session);
      clock.enter('directory');
      const transcript = await sink.loadTranscript('');
      if (transcript.length > 0) clock.kind = 'resume';
      else {
        const warm = interrupted ? 'not_new' : await openWarm(node, pool, request);
        if (typeof warm !== 'string') return warm;
        clock.miss = warm;
        pool.note(warm);
        clock.enter('directory');
      }
      const user = node.userOf(session.number);
      const directory = sessionDirectory(node.dataDir, session.id);
      await prepareDirectory(node.dataDir, session.id, user);
      await node.settleDirectory({ sessionId: session.id, generation }, session.directoryCopy);
      const name = { node: { id: node.id, incarnation: node.incarnation }, sessionId: session.id, generation };
      const secrets = await node.secretsOf(session);
      const { definition } = session;
      const enclosure = await enclose(node, { name, definition, directory, user }, () => sink);
      let confinement: Confinement | null = null;
      try {
        confinement = await node.confine({ id: session.id, directory, user, definition });
        return await openClaudeSession({
          session,
          interrupted,
          sink,
          clock,
          transcript,
          name,
          directory,
          user,
          enclosure,
          confinement,
          gatewayUrl: node.gatewayUrl,
          gatewayToken: node.issueToken({ sessionId: session.id, generation }),
          secrets,
          mcpConnectMs: node.mcpConnectMs,
        });
      } catch (error) {
        await confinement?.close();
        await enclosure.close();
        throw error;
      }
    },
  };
}

/** The process of a new session from the pool, or why there is none. */
async function openWarm(
  node: HarnessNode,
  pool: WarmPool<CellKind, Cell>,
  { session, generation, sink, clock }: OpenRequest,
): Promise<HarnessSession | PoolMiss> {
  if (!pool.isOn) return 'pool_off';
  const kind = kindOf(session.definition, { mcpConnectMs: node.mcpConnectMs });
  if (typeof kind === 'string') return kind;
  if (session.directoryCopy !== null || (await hasDirectory(node.dataDir, session.id))) return 'not_new';
  const user = node.userOf(session.number);
  // The process would see the cell's path and not the session's.
  if (user && firstUntraversable(node.dataDir, user.uid, user.gid) !== null) return 'closed_directory';
  const cell = pool.take(kind);
  if (!cell) return 'pool_empty';
  clock.enter('claim');
  try {
    const claimed = await claimCell(node, cell, { session, generation, sink, clock });
    clock.kind = 'warm';
    pool.note('hit');
    return claimed;
  } catch (error) {
    if (error instanceof Fenced) throw error;
    return 'claim_failed';
  }
}
