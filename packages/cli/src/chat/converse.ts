import { createInterface } from 'node:readline/promises';
import type { Client } from '@aaas/client/create-client';
import { leaveOnInterrupt } from '../interrupts.ts';
import { style } from '../output/style.ts';
import { describeFailure } from '../report-failure.ts';
import { sendTurn } from '../turn/send-turn.ts';
import { CHAT_COMMANDS, chatHelp } from './chat-commands.ts';

/** Reads lines and sends each as a message, until the end of the input, /exit, or Ctrl-C at the prompt. */
export async function converse(client: Client, id: string): Promise<void> {
  const isTerminal = process.stdin.isTTY && process.stdout.isTTY;
  const lines = createInterface({ input: process.stdin, output: process.stdout, terminal: isTerminal });
  // At the prompt the terminal is ours, and so is Ctrl-C.
  lines.on('SIGINT', () => (working ? process.emit('SIGINT') : lines.close()));
  let working = false;
  let isOpen = true;
  lines.on('close', () => {
    isOpen = false;
  });
  if (isTerminal) console.log(style('dim', chatHelp()));
  lines.setPrompt(isTerminal ? style('bold', '› ') : '');
  lines.prompt();
  for await (const line of lines) {
    const text = line.trim();
    const command = CHAT_COMMANDS[text];
    if (text === '/exit') break;
    working = true;
    try {
      if (command) await command.act(client, id);
      else if (/^\/[a-z]+$/.test(text)) console.log(style('dim', chatHelp()));
      else if (text !== '') {
        const question = isTerminal ? lines.question.bind(lines) : null;
        await sendTurn(client, id, text, false, { question });
      }
    } catch (error) {
      // A failed message does not end the conversation.
      process.stderr.write(`aaas: ${describeFailure(error)}\n`);
    }
    working = false;
    leaveOnInterrupt();
    // Piped input may have ended meanwhile; what was read of it is still to come.
    if (isOpen) lines.prompt();
  }
  lines.close();
  if (isTerminal) console.log('');
}
