import { STATUS_REASONS, STATUSES } from '@aaas/contract/lifecycle';
import type { Command } from 'commander';
import { onPlatform } from '../../on-platform.ts';
import { ago, count, dollars, moment } from '../../output/figures.ts';
import { printThing } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { styledStatus } from '../../output/styled-status.ts';
import { cell } from '../../output/table.ts';

export function getSessionCommand(sessions: Command): void {
  sessions
    .command('get <session>')
    .description('show a session: how it is, why, and since when')
    .action(
      onPlatform(async (client, options, id: string) => {
        const session = await client.sessions.get(id);
        if (options.json) return printJson(session);
        const { usage, next_version: next } = session;
        printThing(session.title ?? (session.main ? '(main)' : '(untitled)'), session.id, {
          status: `${styledStatus(session.status)} for ${ago(session.status_since)}: ${STATUSES[session.status]}`,
          why: STATUS_REASONS[session.status_reason],
          detail: session.status_detail && cell(session.status_detail),
          next: session.next_action,
          agent: `${session.agent_id}, version ${session.agent_version}${next === null ? '' : `, then ${next}`}`,
          messages: `${count(session.messages_count)} answered, ${count(session.messages_waiting)} waiting`,
          usage: `${count(usage.input_tokens)} tokens in, ${count(usage.output_tokens)} out, ${dollars(usage.cost_usd)}`,
          region: session.region,
          process: session.pid === null ? 'none' : `${session.pid} on ${session.node}, ${session.restarts} restarts`,
          metadata: cell(
            Object.entries(session.metadata)
              .map(([key, value]) => `${key}=${value}`)
              .join(' '),
          ),
          created: moment(session.created_at),
        });
      }),
    );
}
