import type { Command } from 'commander';
import { changeWorkspaceCommands } from './workspaces/change.ts';
import { createWorkspaceCommand } from './workspaces/create.ts';
import { getWorkspaceCommands } from './workspaces/get.ts';
import { listWorkspacesCommand } from './workspaces/list.ts';

export function workspacesCommand(program: Command): void {
  const workspaces = program.command('workspaces').description('tenants: each has its own keys, agents and budgets');
  for (const add of [createWorkspaceCommand, listWorkspacesCommand, getWorkspaceCommands]) add(workspaces);
  changeWorkspaceCommands(workspaces);
}
