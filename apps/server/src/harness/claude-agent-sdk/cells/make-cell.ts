import { randomUUID } from 'node:crypto';
import { prewarm, type SpareProcess } from '@anthropic-ai/claude-agent-sdk';
import { discardDirectory, markCell } from '../../../directories/cell-directory.ts';
import { prepareDirectory, type SessionDirectory, sessionDirectory } from '../../../directories/session-directory.ts';
import type { Confinement } from '../../../sandboxes/isolation/confinement.ts';
import type { Enclosure } from '../../../sandboxes/limits/enclosure.ts';
import type { Spare } from '../../../sandboxes/pool/spare.ts';
import type { ExitInfo, Sandbox } from '../../../sandboxes/spawn/spawn-sandbox.ts';
import type { HarnessNode } from '../claude-harness.ts';
import { enclose } from '../enclose.ts';
import { type Employer, processOptions } from '../process-options.ts';
import type { CellKind } from './cell-kind.ts';
import { probeParked } from './probe-parked.ts';

// A parked process has nothing else to do than to answer.
const PROBE_WITHIN_MS = 5_000;

/** A spare Claude Code process with a user, a directory and a token of its own, and without a session. */
export interface Cell extends Spare<ExitInfo> {
  readonly id: string;
  /** Names its user; becomes the session's. */
  readonly number: number;
  readonly harnessSessionId: string;
  readonly directory: SessionDirectory;
  /** Names its directory, when that is the session's. */
  readonly copy: string;
  readonly sandbox: Sandbox;
  readonly process: SpareProcess;
  /** Whoever claims it says for whom it works before it is told to. */
  employ(employer: Employer, sessionId: string): Promise<void>;
}

/**
 * Starts a spare of a kind; resolves when it has answered.
 * @throws when it does not within `startMs` milliseconds, or `signal` aborts.
 */
export async function makeCell(
  node: HarnessNode,
  kind: CellKind,
  { startMs, signal }: { startMs: number; signal: AbortSignal },
): Promise<Cell> {
  await node.mayAct();
  const { id, number } = await node.cells.reserve();
  const user = node.userOf(number);
  const directory = sessionDirectory(node.dataDir, id);
  const harnessSessionId = randomUUID();
  let sandbox: Sandbox | undefined;
  let confinement: Confinement | null = null;
  let employer: Employer | undefined;
  let enclosure: Enclosure | undefined;
  const abort = () => void sandbox?.kill().catch(() => {});
  signal.addEventListener('abort', abort, { once: true });
  const remove = async () => {
    await sandbox?.kill();
    await enclosure?.close();
    await confinement?.close();
    await discardDirectory(node.dataDir, id);
  };
  try {
    await prepareDirectory(node.dataDir, id, user);
    const copy = await markCell(node.dataDir, id, node.id);
    const { definition } = kind;
    const name = { node: { id: node.id, incarnation: node.incarnation }, sessionId: id, generation: 0 };
    enclosure = await enclose(node, { name, definition, directory, user }, () => employer?.sink ?? null);
    confinement = await node.confine({ id, directory, user, definition: kind.definition });
    const options = processOptions(
      {
        definition,
        name,
        directory,
        user,
        enclosure,
        confinement,
        gatewayUrl: node.gatewayUrl,
        gatewayToken: node.issueToken({ sessionId: id, generation: 0 }),
        secrets: { env: {}, mcp: new Map() },
        mcpConnectMs: node.mcpConnectMs,
        resumeInterrupted: false,
      },
      () => {
        if (!employer) throw new Error(`failed to serve cell ${id}: it works for nobody`);
        return employer;
      },
      (spawned) => {
        sandbox = spawned;
        if (signal.aborted) abort();
      },
    );
    // It may not be parked where it will work.
    const process = await prewarm({
      options: { ...options, sessionId: harnessSessionId, cwd: directory.tmp },
      initializeTimeoutMs: startMs,
    });
    process.claimed.catch(() => {});
    if (!sandbox) throw new Error('failed to start a spare: nothing was spawned');
    const { child, exited } = sandbox;
    await sandbox.located;
    const { pid } = sandbox;
    await probeParked(child, PROBE_WITHIN_MS);
    return {
      id,
      number,
      harnessSessionId,
      directory,
      copy,
      sandbox,
      process,
      pid,
      exited,
      employ: async (given, sessionId) => {
        await confinement?.rename(sessionId);
        employer = given;
      },
      probe: () => probeParked(child, PROBE_WITHIN_MS),
      end: async () => {
        await remove();
        process.close();
      },
    };
  } catch (error) {
    const said = sandbox?.lastOutput() ?? '';
    await remove();
    throw new Error(`failed to start a spare: ${(error as Error).message}\n${said}`.trim(), { cause: error });
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
