import type { Command } from 'commander';
import { resolveConversation } from '../../connection/resolve-agent.ts';
import { onPlatform } from '../../on-platform.ts';
import { count, dollars, duration, moment } from '../../output/figures.ts';
import { printable } from '../../output/one-line.ts';
import { printThing } from '../../output/print-answer.ts';
import { printJson } from '../../output/print-json.ts';
import { cell } from '../../output/table.ts';
import { addWaitOptions, type WaitingOptions, waitIfAsked } from '../wait-options.ts';

export function getTurnCommand(turns: Command): void {
  addWaitOptions(turns.command('get <agent> <turn>').description('show a turn and its answer')).action(
    onPlatform<WaitingOptions>(async (client, options, wanted: string, turnId: string) => {
      const id = await resolveConversation(client, wanted);
      await waitIfAsked(options, ({ timeoutMs }) => client.turns.wait(id, turnId, { timeoutMs: timeoutMs as number }));
      const turn = await client.turns.get(id, turnId);
      if (options.json) return printJson(turn);
      const { usage } = turn;
      const read = usage.input_tokens + usage.cache_read_input_tokens + usage.cache_creation_input_tokens;
      const took = turn.ended_at === null ? null : Date.parse(turn.ended_at) - Date.parse(turn.accepted_at);
      printThing(turn.state, turn.id, {
        accepted: moment(turn.accepted_at),
        took: took === null ? null : duration(took),
        'stopped because': turn.stop_reason,
        error: turn.error && cell(turn.error.message),
        model: turn.model,
        usage: `${count(read)} tokens in, ${count(usage.output_tokens)} out, ${dollars(turn.cost_usd)}`,
      });
      if (turn.response !== null) console.log(`\n${printable(turn.response).trimEnd()}`);
    }),
  );
}
