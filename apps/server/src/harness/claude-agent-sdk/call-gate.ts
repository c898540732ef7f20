import type { AgentDefinition } from '@aaas/contract/agent-config';
import { parseMcpTool } from '@aaas/contract/mcp';
import type { PermissionResult } from '@anthropic-ai/claude-agent-sdk';
import type { Ask, AskDesk } from '../../sessions/approvals/approval.ts';
import { inputHash } from '../../sessions/approvals/input-hash.ts';
import { permissionFor } from './permission.ts';

/**
 * What the calls of one turn may do. It knows the grants that people gave after the process which asked had gone: each
 * lets one call through, of that tool and with that input, in the name of the call that was asked about.
 */
export class CallGate {
  readonly definition: AgentDefinition;
  readonly desk: AskDesk;
  readonly #grants: Ask[];

  constructor(definition: AgentDefinition, desk: AskDesk, grants: Ask[]) {
    this.definition = definition;
    this.desk = desk;
    this.#grants = [...grants];
  }

  /** Whether a call will have to be asked about, as far as can be told before Claude Code comes to it. */
  willAsk(tool: string): boolean {
    if (!this.desk.staffed || permissionFor(this.definition, tool) !== 'ask') return false;
    // What Claude Code does not offer it will refuse by itself.
    return parseMcpTool(tool) !== null || (this.definition.allowed_tools as string[]).includes(tool);
  }

  /** Takes the grant for a call, if there is one: no second call gets it. */
  takeGrant(tool: string, input: unknown): Ask | null {
    const hash = inputHash(input);
    const place = this.#grants.findIndex((grant) => grant.name === tool && grant.inputHash === hash);
    return place === -1 ? null : (this.#grants.splice(place, 1)[0] as Ask);
  }
}

export function denied(message: string): PermissionResult {
  return { behavior: 'deny', message };
}
