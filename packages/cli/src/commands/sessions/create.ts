import type { Command } from 'commander';
import { resolveAgent } from '../../connection/resolve-agent.ts';
import type { GlobalOptions } from '../../global-options.ts';
import { onPlatform } from '../../on-platform.ts';
import { printJson } from '../../output/print-json.ts';
import { printFacts } from '../../output/table.ts';
import { pair, wholeNumber } from '../../read-option.ts';
import { placementOf } from '../config-options.ts';

interface CreateSessionOptions extends GlobalOptions {
  title?: string;
  metadata?: Record<string, string>;
  agentVersion?: number;
  label?: Record<string, string>;
  region?: string;
  start: boolean;
}

export function createSessionCommand(sessions: Command): void {
  sessions
    .command('create <agent>')
    .description('begin another conversation with an agent')
    .option('--title <text>', 'what it is about')
    .option('--metadata <K=V>', 'a pair to find it by; may be repeated', pair)
    .option('--agent-version <n>', 'the version of the agent (default: the newest)', wholeNumber)
    .option('--label <K=V>', 'a label that its node must have; may be repeated', pair)
    .option('--region <region>', 'where it runs')
    .option('--no-start', 'leave it stopped')
    .action(
      onPlatform<CreateSessionOptions>(async (client, options, wanted: string) => {
        const { id: agent_id } = await resolveAgent(client, wanted);
        const { title, metadata, agentVersion: version, start: auto_start } = options;
        const session = await client.sessions.create({
          ...{ agent_id, title, metadata, version, auto_start },
          placement: placementOf(options),
        });
        if (options.json) return printJson(session);
        console.log(
          auto_start ? 'A session is starting; it takes messages at once.' : 'A session was made; it is stopped.',
        );
        const next = auto_start ? `aaas send ${session.id} "Hello"` : `aaas sessions start ${session.id}`;
        printFacts({ id: session.id, next });
      }),
    );
}
