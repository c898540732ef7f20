import { chownSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { Options } from '@anthropic-ai/claude-agent-sdk';
import { composePrompt } from '../../agents/agent-types/compose-prompt.ts';
import type { SessionDirectory } from '../../directories/session-directory.ts';
import type { Confinement } from '../../sandboxes/isolation/confinement.ts';
import { INSIDE_URL } from '../../sandboxes/isolation/inside.ts';
import type { Enclosure } from '../../sandboxes/limits/enclosure.ts';
import type { SandboxName } from '../../sandboxes/reaper/sandbox-marker.ts';
import { type Sandbox, spawnSandbox } from '../../sandboxes/spawn/spawn-sandbox.ts';
import type { TurnSink } from '../harness.ts';
import { askPerson } from './ask-person.ts';
import type { ClaudeSession } from './claude-session.ts';
import { limitNote } from './limit-note.ts';
import { mcpServers } from './mcp-servers.ts';
import { processEnvironment } from './process-environment.ts';
import { toolBarrier } from './tool-barrier.ts';
import { transcriptStore } from './transcript-store.ts';

/** What a process is given in confidence. */
export interface ProcessSecrets {
  /** Variables of the agent. */
  env: Record<string, string>;
  /** Variables of the MCP servers that run in the sandbox, by server. */
  mcp: ReadonlyMap<string, Record<string, string>>;
}

/** What is fixed when a process is spawned. */
export interface ProcessParts {
  definition: AgentDefinition;
  name: SandboxName;
  directory: SessionDirectory;
  user: { uid: number; gid: number } | null;
  enclosure: Enclosure;
  /** The sandbox for it; null: it gets none. */
  confinement: Confinement | null;
  /** For a process without a sandbox. */
  gatewayUrl: string;
  gatewayToken: string;
  secrets: ProcessSecrets;
  /** Longest wait for the MCP servers, in milliseconds. */
  mcpConnectMs: number;
  resumeInterrupted: boolean;
}

/** For whom a process works. A spare of the pool learns it when it is claimed, and until then nobody calls. */
export interface Employer {
  sink: TurnSink;
  claude: ClaudeSession;
}

/** The options of a Claude Code process; `employer` is asked at each call back, never before. */
export function processOptions(
  parts: ProcessParts,
  employer: () => Employer,
  onSpawned: (sandbox: Sandbox, config: string) => void,
): Options {
  const { definition, directory, confinement } = parts;
  const gatewayUrl = confinement ? INSIDE_URL : parts.gatewayUrl;
  return {
    ...definitionOptions(definition),
    env: processEnvironment({ ...parts, env: parts.secrets.env, gatewayUrl, sandboxed: confinement !== null }),
    settingSources: [],
    mcpServers: mcpServers(definition.mcp_servers, {
      gatewayUrl,
      gatewayToken: parts.gatewayToken,
      secrets: parts.secrets.mcp,
    }),
    // Over standard input: the command line is for everybody to read.
    mcpServersDelivery: 'initialize',
    strictMcpConfig: true,
    includePartialMessages: true,
    sessionStoreFlush: 'eager',
    sessionStore: transcriptStore({
      append: (entries, parsed) => employer().claude.onTranscript(entries, parsed),
      load: (subpath) => employer().sink.loadTranscript(subpath),
    }),
    hooks: {
      PreToolUse: [{ hooks: [toolBarrier(() => employer().claude.translator)] }],
      PostToolUse: [{ hooks: [limitNote(parts.enclosure)] }],
      PostToolUseFailure: [{ hooks: [limitNote(parts.enclosure)] }],
    },
    canUseTool: askPerson(
      () => employer().claude.translator,
      () => employer().claude.phases,
    ),
    spawnClaudeCodeProcess: (spawn) => {
      // A resumed session gets a fresh configuration directory, which the SDK makes under our own user.
      const config = spawn.env.CLAUDE_CONFIG_DIR ?? directory.config;
      if (parts.user && config !== directory.config) giveTo(config, parts.user);
      const sandbox = spawnSandbox({
        name: parts.name,
        command: spawn.command,
        args: spawn.args,
        cwd: spawn.cwd ?? directory.work,
        env: spawn.env,
        user: parts.user,
        needs: [directory.root, dirname(spawn.command), config],
        enclosure: parts.enclosure,
        writable: [directory.work, directory.home, directory.tmp, config],
        confinement,
        secrets: [...Object.values(parts.secrets.env), parts.gatewayToken],
      });
      onSpawned(sandbox, config);
      return sandbox.child;
    },
  };
}

/** The options that follow from the agent's definition. */
function definitionOptions(definition: AgentDefinition): Options {
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
    permissionMode: claudePermissionMode(definition),
    ...(definition.max_turns === null ? {} : { maxTurns: definition.max_turns }),
  };
}

/** The barrier is the policy; Claude Code's own modes are used only where it knows more than a rule. */
export function claudePermissionMode({ permission_mode: mode }: AgentDefinition): 'default' | 'plan' | 'auto' {
  return mode === 'plan' || mode === 'auto' ? mode : 'default';
}

function giveTo(path: string, { uid, gid }: { uid: number; gid: number }): void {
  chownSync(path, uid, gid);
  for (const entry of readdirSync(path, { recursive: true, encoding: 'utf8' })) chownSync(join(path, entry), uid, gid);
}
