import {
  AGENT_TYPE_NAMES,
  PERMISSION_MODES,
  type PermissionMode,
  TOOL_NAMES,
  type ToolName,
} from '@aaas/contract/agent-config';
import { describe, expect, test } from 'vitest';
import { AGENT_TYPES } from './all-types.ts';

const EDITS: ToolName[] = ['Write', 'Edit', 'NotebookEdit'];

/** Whether a mode asks before it runs a tool. Nobody may be there to answer, and then the call is denied. */
function asks(mode: PermissionMode, tool: ToolName): boolean {
  if (mode === 'bypassPermissions') return false;
  if (tool === 'Bash') return true;
  return EDITS.includes(tool) && mode !== 'acceptEdits';
}

test('there is one type for each name of the contract', () => {
  expect(Object.keys(AGENT_TYPES)).toEqual([...AGENT_TYPE_NAMES]);
});

test('titles and descriptions are unique', () => {
  const types = Object.values(AGENT_TYPES);
  expect(new Set(types.map((type) => type.title)).size).toBe(types.length);
  expect(new Set(types.map((type) => type.description)).size).toBe(types.length);
});

describe.each(AGENT_TYPE_NAMES)('%s', (name) => {
  const type = AGENT_TYPES[name];

  test('is filed under its own name and described', () => {
    expect(type.name).toBe(name);
    expect(type.title.trim()).not.toBe('');
    expect(type.description).toMatch(/^[A-Z].{40,}\.$/);
  });

  test('has known tools, each once', () => {
    expect(TOOL_NAMES).toEqual(expect.arrayContaining(type.tools));
    expect(new Set(type.tools).size).toBe(type.tools.length);
  });

  test('has a mode that lets all of its tools run unattended', () => {
    expect(PERMISSION_MODES).toContain(type.permissionMode);
    expect(type.tools.filter((tool) => asks(type.permissionMode, tool))).toEqual([]);
  });
});

test('bypassPermissions is given only for the shell', () => {
  for (const type of Object.values(AGENT_TYPES)) {
    expect([type.name, type.permissionMode === 'bypassPermissions']).toEqual([type.name, type.tools.includes('Bash')]);
  }
});

test.each(AGENT_TYPE_NAMES.filter((name) => name !== 'custom'))('%s has a prompt of substance', (name) => {
  const { systemPrompt } = AGENT_TYPES[name];
  const words = systemPrompt.split(/\s+/).length;
  expect(words).toBeGreaterThan(250);
  expect(words).toBeLessThan(600);
  expect(systemPrompt).toBe(systemPrompt.trim());
  expect(systemPrompt).toMatch(/persist|survive/);
});

test('only code builds on the prompt of Claude Code', () => {
  const onClaudeCode = Object.values(AGENT_TYPES).filter((type) => type.promptBase === 'claude_code');
  expect(onClaudeCode.map((type) => type.name)).toEqual(['code']);
});

test('custom brings nothing of its own', () => {
  expect(AGENT_TYPES.custom).toMatchObject({ promptBase: 'none', systemPrompt: '', tools: [] });
});
