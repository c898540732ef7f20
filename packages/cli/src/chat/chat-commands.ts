import type { Client } from '@aaas/client/create-client';
import { count, dollars } from '../output/figures.ts';
import { printFacts } from '../output/table.ts';

interface ChatCommand {
  help: string;
  act: (client: Client, id: string) => Promise<void>;
}

/** What can be said to the chat itself. */
export const CHAT_COMMANDS: Record<string, ChatCommand> = {
  '/status': {
    help: 'how it is',
    act: async (client, id) => {
      const at = await (id.startsWith('sesn_') ? client.sessions.get(id) : client.agents.get(id));
      printFacts({
        status: at.status,
        messages: count(at.messages_count),
        usage: `${count(at.usage.input_tokens)} tokens in, ${count(at.usage.output_tokens)} out, ${dollars(at.usage.cost_usd)}`,
      });
    },
  },
  '/restart': {
    help: 'give it a new process',
    act: async (client, id) => {
      const { message } = await (id.startsWith('sesn_') ? client.sessions.restart(id) : client.agents.restart(id));
      console.log(message);
    },
  },
  '/exit': { help: 'leave', act: async () => {} },
};

export function chatHelp(): string {
  const commands = Object.entries(CHAT_COMMANDS).map(([name, { help }]) => `${name} ${help}`);
  return `Say something. ${commands.join(' · ')}`;
}
