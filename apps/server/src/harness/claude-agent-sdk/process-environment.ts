import { dirname } from 'node:path';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { SessionDirectory } from '../../directories/session-directory.ts';
import { INSIDE, INSIDE_ENV } from '../../sandboxes/isolation/inside.ts';

/** What the environment of an agent's process is made of. Nothing of the server's own gets in but PATH and the locale. */
export interface ProcessEnvironment {
  definition: AgentDefinition;
  /** Variables of the agent. */
  env: Record<string, string>;
  directory: SessionDirectory;
  gatewayUrl: string;
  gatewayToken: string;
  /** Longest wait for an MCP server to come up, in milliseconds. */
  mcpConnectMs: number;
  /** Claude Code goes on by itself with the turn that its last process left open. */
  resumeInterrupted: boolean;
  /** It runs in a sandbox, which has ways of its own. */
  sandboxed: boolean;
}

export function processEnvironment(options: ProcessEnvironment): Record<string, string> {
  const { definition, directory } = options;
  return {
    ...options.env,
    PATH: agentPath(options.sandboxed ? [INSIDE.bin] : []),
    LANG: process.env.LANG ?? 'C.UTF-8',
    HOME: directory.home,
    TMPDIR: directory.tmp,
    CLAUDE_CONFIG_DIR: directory.config,
    ...(options.sandboxed ? INSIDE_ENV : {}),
    ANTHROPIC_BASE_URL: options.gatewayUrl,
    ANTHROPIC_API_KEY: options.gatewayToken,
    // The gateway alone retries.
    CLAUDE_CODE_MAX_RETRIES: '0',
    CLAUDE_CODE_DISABLE_NONSTREAMING_FALLBACK: '1',
    // The gateway sends a ping every 5 s while it waits, so a minute of silence means a dead connection.
    API_TIMEOUT_MS: '60000',
    CLAUDE_BYTE_STREAM_IDLE_TIMEOUT_MS: '60000',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
    CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS: '1',
    // It would be told of notes that it can keep between conversations, in a directory that no other process ever sees.
    CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
    // A background task would later begin a turn that nobody asked for.
    CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
    // Without it TodoWrite is replaced by other task tools.
    CLAUDE_CODE_ENABLE_TASKS: '0',
    MCP_TIMEOUT: String(options.mcpConnectMs),
    ...(definition.max_tokens === null ? {} : { CLAUDE_CODE_MAX_OUTPUT_TOKENS: String(definition.max_tokens) }),
    ...(options.resumeInterrupted
      ? { CLAUDE_CODE_RESUME_INTERRUPTED_TURN: '1', CLAUDE_CODE_RESUME_SHOWS_CUT_OFF_CALLS: '1' }
      : {}),
  };
}

// The server's own PATH without npm's folders: they may lie where the agent's user cannot look.
function agentPath(last: string[]): string {
  const inherited = (process.env.PATH ?? '').split(':').filter((path) => path !== '' && !path.includes('node_modules'));
  const node = dirname(process.execPath);
  const own = node.includes('node_modules') ? [] : [node];
  return [...new Set([...inherited, ...own, '/usr/local/bin', '/usr/bin', '/bin', ...last])].join(':');
}
