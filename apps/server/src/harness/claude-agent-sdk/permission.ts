import type { PermissionMode } from '@aaas/contract/agent-config';

export type Permission = 'allow' | 'ask' | 'deny';

const READS = new Set(['Read', 'Glob', 'Grep', 'WebFetch', 'WebSearch', 'TodoWrite']);
const EDITS = new Set(['Write', 'Edit', 'NotebookEdit']);

/** Whether a tool may run. Null: the mode leaves it to Claude Code itself. */
export function permissionFor(mode: PermissionMode, tool: string): Permission | null {
  const safe = READS.has(tool);
  switch (mode) {
    case 'bypassPermissions':
      return 'allow';
    case 'acceptEdits':
      return safe || EDITS.has(tool) ? 'allow' : 'ask';
    case 'default':
      return safe ? 'allow' : 'ask';
    case 'dontAsk':
    case 'plan':
      return safe ? 'allow' : 'deny';
    case 'auto':
      return null;
  }
}
