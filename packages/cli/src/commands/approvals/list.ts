import type { Schema } from '@aaas/client/operations/operation-types';
import type { Command } from 'commander';
import { resolveConversation } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { ago, moment } from '../../output/figures.ts';
import { shorten } from '../../output/one-line.ts';
import { printThing } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { type Columns, printList } from '../../output/print-list.ts';
import { cell } from '../../output/table.ts';
import { describeInput } from '../../turn/describe-tool.ts';

type Approval = Schema<'Approval'>;

interface ListOptions extends GlobalOptions {
  agent?: string;
  status?: Approval['status'];
  all?: boolean;
}

const PAGE = 100;
const INPUT_SHOWN = 60;

const COLUMNS: Columns<Approval> = {
  TOOL: ({ tool }) => cell(tool),
  INPUT: (approval) => shorten(inputOf(approval), INPUT_SHOWN),
  STATUS: ({ status }) => status,
  ASKED: ({ requested_at }) => `${ago(requested_at)} ago`,
  AGENT: ({ agent_id }) => agent_id,
  ID: ({ id }) => id,
};

export function listApprovalsCommand(approvals: Command): void {
  approvals
    .command('list')
    .description('list what waits for an answer')
    .option('-a, --agent <agent>', 'of one agent or session only')
    .option('--status <status>', 'open, allowed, denied, expired or cancelled', 'open')
    .option('--all', 'in whatever status')
    .action(
      onPlatform<ListOptions>(async (client, options) => {
        const of = options.agent === undefined ? null : await resolveConversation(client, options.agent);
        const found = client.approvals.list({
          limit: PAGE,
          ...(options.all ? {} : { status: options.status }),
          ...(of === null ? {} : of.startsWith('sesn_') ? { session_id: of } : { agent_id: of }),
        });
        return printList(options, found, COLUMNS, 'No agent asks anything.');
      }),
    );
  approvals
    .command('get <approval>')
    .description('show what an agent asks')
    .action(
      onPlatform(async (client, { json }, id: string) => {
        const approval = await client.approvals.get(id);
        if (json) return printJson(approval);
        printThing(approval.tool, approval.id, {
          input: inputOf(approval),
          status: approval.status,
          message: approval.message,
          agent: approval.agent_id,
          asked: moment(approval.requested_at),
          expires: approval.status === 'open' ? moment(approval.expires_at) : null,
          decided: approval.decided_at === null ? null : moment(approval.decided_at),
          by: approval.decided_by,
        });
      }),
    );
}

function inputOf({ tool, input }: Approval): string {
  return describeInput(tool, (input ?? {}) as Record<string, unknown>);
}
