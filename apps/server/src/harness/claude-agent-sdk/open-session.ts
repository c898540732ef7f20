import { chownSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Options, query, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import { composePrompt } from '../../agents/agent-types/compose-prompt.ts';
import type { SessionDirectory } from '../../directories/session-directory.ts';
import type { SandboxName } from '../../sandboxes/reaper/sandbox-marker.ts';
import { type Sandbox, spawnSandbox } from '../../sandboxes/spawn/spawn-sandbox.ts';
import type { SessionRow } from '../../sessions/lifecycle/load-session.ts';
import type { HarnessSession, InterruptedTurn, TurnSink } from '../harness.ts';
import { askPerson } from './ask-person.ts';
import { ClaudeSession } from './claude-session.ts';
import { mcpServers } from './mcp-servers.ts';
import { MessageQueue } from './message-queue.ts';
import { processEnvironment } from './process-environment.ts';
import { planResume, type ResumePlan } from './resume-plan.ts';
import { settleAsks } from './settle-asks.ts';
import { toolBarrier } from './tool-barrier.ts';
import { transcriptStore } from './transcript-store.ts';

export interface OpenOptions {
  session: SessionRow;
  interrupted: InterruptedTurn | null;
  sink: TurnSink;
  name: SandboxName;
  directory: SessionDirectory;
  user: { uid: number; gid: number } | null;
  gatewayUrl: string;
  gatewayToken: string;
  /** Variables of the MCP servers that run in the sandbox, by server. */
  mcpSecrets: ReadonlyMap<string, Record<string, string>>;
  /** Longest wait for the MCP servers, in milliseconds. */
  mcpConnectMs: number;
}

/** Starts one long-lived Claude Code process with streaming input for a session. */
export async function openClaudeSession(options: OpenOptions): Promise<HarnessSession> {
  const { session, sink, directory } = options;
  const stored = await sink.loadTranscript('');
  const { interrupted } = options;
  const settled = settleAsks(stored, interrupted?.asks ?? [], new Date());
  const { events, transcript: answers } = settled;
  if (events.length + answers.length > 0) await sink.commit({ events, transcript: answers });
  const transcript = [...stored, ...answers.map(({ entry }) => entry)];
  const plan: ResumePlan | null = interrupted && planResume(transcript, interrupted, settled.note);
  // What the process has written to its disk and nobody has stored never happened; it would not start over it.
  if (transcript.length === 0) await rm(join(directory.config, 'projects'), { recursive: true, force: true });
  const input = new MessageQueue();
  let sandbox: Sandbox | undefined;
  const hasServers = Object.keys(session.definition.mcp_servers).length > 0;
  const mcpConnectMs = hasServers ? options.mcpConnectMs : null;
  const claude: ClaudeSession = new ClaudeSession({
    input,
    plan,
    sink,
    mcpConnectMs,
    definition: session.definition,
    grants: (interrupted?.asks ?? []).filter(({ state }) => state === 'allowed'),
  });

  const env = processEnvironment({
    definition: session.definition,
    directory,
    gatewayUrl: options.gatewayUrl,
    gatewayToken: options.gatewayToken,
    mcpConnectMs: options.mcpConnectMs,
    resumeInterrupted: plan?.do === 'continue',
  });
  const run = query({
    prompt: input as AsyncIterable<SDKUserMessage>,
    options: {
      ...definitionOptions(session),
      ...(transcript.length > 0 ? { resume: session.harnessSessionId } : { sessionId: session.harnessSessionId }),
      cwd: directory.work,
      env,
      settingSources: [],
      mcpServers: mcpServers(session.definition.mcp_servers, {
        gatewayUrl: options.gatewayUrl,
        gatewayToken: options.gatewayToken,
        secrets: options.mcpSecrets,
      }),
      // Over standard input: the command line is for everybody to read.
      mcpServersDelivery: 'initialize',
      strictMcpConfig: true,
      includePartialMessages: true,
      sessionStoreFlush: 'eager',
      sessionStore: transcriptStore({
        append: (entries, parsed) => claude.onTranscript(entries, parsed),
        load: (subpath) => sink.loadTranscript(subpath),
      }),
      hooks: {
        PreToolUse: [{ hooks: [toolBarrier(() => claude.translator)] }],
      },
      canUseTool: askPerson(
        () => claude.translator,
        () => claude.phases,
      ),
      spawnClaudeCodeProcess: (spawn) => {
        // A resumed session gets a fresh configuration directory, which the SDK makes under our own user.
        const config = spawn.env.CLAUDE_CONFIG_DIR;
        if (options.user && config && config !== directory.config) giveTo(config, options.user);
        sandbox = spawnSandbox({
          name: options.name,
          command: spawn.command,
          args: spawn.args,
          cwd: directory.work,
          env: spawn.env,
          user: options.user,
          needs: [directory.root, dirname(spawn.command), ...(config ? [config] : [])],
          secrets: [...Object.values(session.definition.env), options.gatewayToken],
        });
        claude.attachProcess(sandbox);
        return sandbox.child;
      },
    },
  });
  claude.attachQuery(run);
  await claude.spawned;
  return claude;
}

/** The options that follow from the agent's definition. */
function definitionOptions({ definition }: SessionRow): Options {
  const prompt = composePrompt({
    systemPrompt: definition.system_prompt,
    personality: definition.personality,
    language: definition.language,
  });
  return {
    model: definition.model,
    // Claude Code would record the first prompt in the transcript and send that for ever, whatever the version says.
    systemPrompt: {
      ...(definition.prompt_base === 'claude_code'
        ? { type: 'preset', preset: 'claude_code', append: prompt }
        : { type: 'custom', prompt }),
      snapshot: false,
    },
    tools: definition.allowed_tools,
    // The barrier is the policy; Claude Code's own modes are used only where it knows more than a rule.
    permissionMode: ['plan', 'auto'].includes(definition.permission_mode)
      ? (definition.permission_mode as 'plan' | 'auto')
      : 'default',
    ...(definition.max_turns === null ? {} : { maxTurns: definition.max_turns }),
  };
}

function giveTo(path: string, { uid, gid }: { uid: number; gid: number }): void {
  chownSync(path, uid, gid);
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' })) chownSync(join(path, entry), uid, gid);
}
