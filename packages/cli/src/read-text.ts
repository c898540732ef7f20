import { text as readAll } from 'node:stream/consumers';
import { CliError } from './cli-error.ts';
import { EXIT } from './exit-codes.ts';

/** What is to be said: as given, or from standard input for `-`. @throws CliError when there is nothing */
export async function textArgument(given: string): Promise<string> {
  const text = given === '-' ? await readAll(process.stdin) : given;
  if (text.trim() !== '') return text;
  throw new CliError('There is nothing to send. Give a text, or - for standard input.', EXIT.usage);
}
