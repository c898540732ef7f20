import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { query, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { SessionRow } from '../../sessions/lifecycle/load-session.ts';
import type { HarnessSession, InterruptedTurn, TurnSink } from '../harness.ts';
import type { StartClock } from '../start/start-clock.ts';
import { ClaudeSession } from './claude-session.ts';
import { MessageQueue } from './message-queue.ts';
import { type ProcessParts, processOptions } from './process-options.ts';
import { planResume, type ResumePlan } from './resume-plan.ts';
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
  const { session, sink, directory, transcript, clock } = options;
  const { definition } = session;
  const plan: ResumePlan | null = options.interrupted && planResume(transcript, options.interrupted);
  // What the process has written to its disk and nobody has stored never happened; it would not start over it.
  if (transcript.length === 0) await rm(join(directory.config, 'projects'), { recursive: true, force: true });
  const input = new MessageQueue();
  const hasServers = Object.keys(definition.mcp_servers).length > 0;
  const mcpConnectMs = hasServers ? options.mcpConnectMs : null;
  let configUsed = directory.config;
  const written = () => writtenTranscript(configUsed, session.harnessSessionId, options.user?.uid ?? null);
  const claude: ClaudeSession = new ClaudeSession({ input, plan, sink, mcpConnectMs, clock, written });

  clock.enter('spawn');
  const run = query({
    prompt: input as AsyncIterable<SDKUserMessage>,
    options: {
      ...processOptions(
        { ...options, definition, resumeInterrupted: plan?.do === 'continue' },
        () => ({ definition, sink, claude }),
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
