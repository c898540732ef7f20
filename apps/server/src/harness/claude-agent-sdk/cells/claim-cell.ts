import { setTimeout as sleep } from 'node:timers/promises';
import { adoptDirectory } from '../../../directories/cell-directory.ts';
import { sessionDirectory } from '../../../directories/session-directory.ts';
import { describeExit } from '../../../sandboxes/spawn/spawn-sandbox.ts';
import type { SessionRow } from '../../../sessions/lifecycle/load-session.ts';
import type { HarnessSession, TurnSink } from '../../harness.ts';
import type { StartClock } from '../../start/start-clock.ts';
import type { HarnessNode } from '../claude-harness.ts';
import { ClaudeSession } from '../claude-session.ts';
import { MessageQueue } from '../message-queue.ts';
import { claudePermissionMode } from '../process-options.ts';
import { writtenTranscript } from '../written-transcript.ts';
import type { Cell } from './make-cell.ts';

const CLAIM_WITHIN_MS = 15_000;
const MADE_MEANWHILE = 'the session has got a directory meanwhile';

/**
 * Makes a cell the process of a session: the row takes its number and its transcript's id, the directory its place,
 * and the token speaks for the session from then on. Updates `session`.
 * @throws Fenced when the generation has ended; anything else: the cell is spent, and the session may start another way.
 */
export async function claimCell(
  node: HarnessNode,
  cell: Cell,
  options: { session: SessionRow; generation: number; sink: TurnSink; clock: StartClock },
): Promise<HarnessSession> {
  const { session, generation, sink, clock } = options;
  const { id: cellId, number, harnessSessionId } = cell;
  const before = { number: session.number, harnessSessionId: session.harnessSessionId };
  try {
    // First the row: when we die in between, the session has a number that nobody else has, and no directory yet.
    const owned = { sessionId: session.id, generation };
    const place = { node: node.id, copy: cell.copy };
    const isOurs = await node.cells.bind(owned, { cellId, number, harnessSessionId }, place);
    Object.assign(session, { number, harnessSessionId, directoryNode: node.id, directoryCopy: cell.copy });
    const adopted = isOurs
      ? adoptDirectory(node.dataDir, cellId, session.id)
      : Promise.reject(new Error(MADE_MEANWHILE));
    await adopted.catch(async (error) => {
      // Somebody has written files meanwhile: they belong to the user that the session had.
      Object.assign(session, { ...before, directoryNode: null, directoryCopy: null });
      await node.cells.unbind(owned, before, place);
      throw error;
    });
    cell.sandbox.enclosure.adopt(session.id, sessionDirectory(node.dataDir, session.id).root);
    const input = new MessageQueue();
    const { config, work } = sessionDirectory(node.dataDir, session.id);
    const written = () => writtenTranscript(config, harnessSessionId, node.userOf(number)?.uid ?? null);
    const { definition } = session;
    const claude = new ClaudeSession({
      ...{ input, plan: null, sink, mcpConnectMs: null, clock, written, definition, grants: [], note: null },
    });
    claude.attachProcess(cell.sandbox);
    await cell.employ({ sink, claude }, session.id);
    const run = cell.process.claim({
      prompt: input,
      options: {
        cwd: work,
        model: session.definition.model,
        permissionMode: claudePermissionMode(session.definition),
      },
    });
    claude.attachQuery(run);
    const died = cell.exited.then((exit) => {
      throw new Error(`the spare ${describeExit(exit)}`);
    });
    await Promise.race([cell.process.claimed, died, late()]);
    return claude;
  } catch (error) {
    await cell.end();
    throw error;
  }
}

/** One that is stopped would never say so. */
async function late(): Promise<never> {
  await sleep(CLAIM_WITHIN_MS, undefined, { ref: false });
  throw new Error(`the spare did not take the claim within ${CLAIM_WITHIN_MS / 1000} s`);
}
