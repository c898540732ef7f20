import type { StatusReason } from '@aaas/contract/lifecycle';
import { isSleep } from './decide.ts';
import { findSnapshot, recordSnapshot, type TakeSnapshot } from './directory-snapshot.ts';
import type { RunnerParts } from './runner-parts.ts';
import { transition } from './transition.ts';
import { verifyTranscript } from './verify-transcript.ts';

/**
 * Ends the process of a session so that nothing of it is needed any more: what it wrote of the conversation is found in
 * the store, its tree is gone, what it left in its directory has a name. `driven`: in the middle of a turn, which goes
 * on in another process; what this one writes meanwhile is not waited for. `asks`: it waits for a person.
 * @returns what people should know of it; null: it was not put to sleep, for its transcript could not be verified.
 */
export async function fallAsleep(
  parts: RunnerParts,
  reason: StatusReason,
  how: { driven: boolean; asks: boolean; takeSnapshot: TakeSnapshot | undefined },
): Promise<{ detail: string | null } | null> {
  const { ctx, owned, sandbox } = parts;
  const session = parts.row();
  const began = performance.now();
  const check = sandbox.state === 'live' && !how.driven ? await verifyTranscript(ctx, owned, sandbox.session) : null;
  if (check && !check.verified) {
    ctx.metrics.transcriptChecked('unverified');
    ctx.log.error({ session_id: owned.sessionId, problem: check.problem }, 'failed to verify a transcript');
    // Whatever must end ends; what would only sleep stays, for its process is the one that knows.
    if (isSleep(reason)) return null;
  } else if (check) ctx.metrics.transcriptChecked(check.repaired > 0 ? 'repaired' : 'verified');
  // Closed gently, it would wait for the answer to what it asked.
  await (how.asks ? sandbox.kill() : sandbox.close());
  const snapshot = reason === 'restart_requested' ? null : await nameDirectory(parts, how.takeSnapshot);
  ctx.metrics.slept(reason);
  ctx.log.info(
    {
      session_id: owned.sessionId,
      reason,
      transcript_entries: check?.written ?? null,
      transcript_repaired: check?.repaired ?? 0,
      snapshot: snapshot?.id ?? null,
      duration_ms: Math.round(performance.now() - began),
    },
    'session ended its process',
  );
  if (!check?.repaired || session.intent === 'archived') return { detail: check?.problem ?? null };
  return { detail: `${check.repaired} entries of its transcript were not stored yet, and are now` };
}

/** A directory that cannot be looked at keeps nobody awake. */
async function nameDirectory({ ctx, owned, row }: RunnerParts, takeSnapshot: TakeSnapshot | undefined) {
  if (!takeSnapshot || row().intent === 'archived') return null;
  const known = await findSnapshot(ctx, owned.sessionId);
  const snapshot = await takeSnapshot(row(), known?.id ?? null).catch((error) => {
    ctx.log.warn({ err: error, session_id: owned.sessionId }, 'failed to look at the directory of a session');
    return null;
  });
  if (snapshot) await recordSnapshot(ctx, owned, snapshot);
  return snapshot;
}

/** Says that it stays awake, and why. What asked for its sleep is settled with it. */
export async function stayAwake({ ctx, owned, row }: RunnerParts): Promise<void> {
  const session = row();
  await transition(
    ctx,
    owned,
    session,
    { operationDone: session.operation === 'hibernate' ? 'hibernate' : null },
    {
      reason: 'transcript_unverified',
      detail: 'entries that its process wrote are not in the store',
      nextAction: 'it tries to sleep again later; a restart goes on from what is stored',
    },
  );
}
