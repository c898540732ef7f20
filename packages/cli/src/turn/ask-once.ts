import type { Client } from '@aaas/client/create-client';
import type { QueryOptions } from '@aaas/client/query/query';
import { exitCodeOfTurn, TurnOutput } from './turn-output.ts';

/** Asks a one-shot query and shows its turn. @returns the exit code. */
export async function askOnce(client: Client, text: string, json: boolean, options: QueryOptions): Promise<number> {
  const output = new TurnOutput(client, json);
  for await (const event of client.query.stream(text, options)) output.show(event);
  return exitCodeOfTurn(await output.finish(), output.note);
}
