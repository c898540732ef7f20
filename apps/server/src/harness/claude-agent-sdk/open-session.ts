import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { query, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { SessionRow } from '../../sessions/lifecycle/load-session.ts';
import type { HarnessSession, InterruptedTurn, TurnSink } from '../harness.ts';
import type { StartClock } from '../start/start-clock.ts';
import { ClaudeSession } from './claude-session.ts';
import { MessageQueue } from './message-queue.ts';
import { movedNote } from './moved-note.ts';
import { type ProcessParts, processOptions } from './process-options.ts';
import { planResume, type ResumePlan } from './resume-plan.ts';
import { settleAsks } from './settle-asks.ts';
import { writtenTranscript } from './written-transcript.ts';

export interface OpenOptions extends Omit<ProcessParts, 'definition' | 'resumeInterrupted'> {
  session: SessionRow;
  interrupted: InterruptedTurn | null;
  sink: TurnSink;
  clock: StartClock;
  /** The stored transcript, oldest entry first. */
  transcript: string[];
}

/** Starts one long-lived Claude Code process with streaming input for a session. */
export async function openClaudeSession(options: OpenOptions): Promise<HarnessSession> {
  const { session, sink, directory, clock, interrupted } = options;
  const { definition } = session;
  const asks = interrupted?.asks ?? [];
  const settled = settleAsks(options.transcript, asks, new Date());
  const { events, transcript: answers } = settled;
  if (events.length + answers.length > 0) await sink.commit({ events, transcript: answers });
  const transcript = [...options.transcript, ...answers.map(({ entry }) => entry)];
  const moved = movedNote(session.directoryNotes, transcript, directory.work);
  const notes = [settled.note, moved].filter((note) => note !== null).join('\n') || null;
  const plan: ResumePlan | null = interrupted && planResume(transcript, interrupted, notes);
  const tellsOfMove = plan?.do === 'send' || plan?.do === 'prompt';
  // What the process has written to its disk and nobody has stored never happened; it would not start over it.
  if (transcript.length === 0) await rm(join(directory.config, 'projects'), { recursive: true, force: true });
  const input = new MessageQueue();
  const hasServers = Object.keys(definition.mcp_servers).length > 0;
  const mcpConnectMs = hasServers ? options.mcpConnectMs : null;
  let configUsed = directory.config;
  const written = () => writtenTranscript(configUsed, session.harnessSessionId, options.user?.uid ?? null);
  const grants = asks.filter(({ state }) => state === 'allowed');
  const claude: ClaudeSession = new ClaudeSession({
    ...{ input, plan, sink, mcpConnectMs, clock, written, definition, grants },
    note: tellsOfMove ? null : moved,
  });

  clock.enter('spawn');
  const run = query({
    prompt: input as AsyncIterable<SDKUserMessage>,
    options: {
      ...processOptions(
        { ...options, definition, resumeInterrupted: plan?.do === 'continue' },
        () => ({ sink, claude }),
        (sandbox, config) => {
          configUsed = config;
          claude.attachProcess(sandbox);
        },
      ),
      ...(transcript.length > 0 ? { resume: session.harnessSessionId } : { sessionId: session.harnessSessionId }),
      cwd: directory.work,
    },
  });
  claude.attachQuery(run);
  await claude.spawned;
  return claude;
}
