import type { Client } from '@aaas/client/create-client';
import type { Command } from 'commander';
import { connect } from './connection/connect.ts';
import type { GlobalOptions } from './global-options.ts';

/** The action of a command that talks to the platform: a client, the options, then the arguments. */
export function onPlatform<Options extends GlobalOptions, Args extends unknown[] = string[]>(
  act: (client: Client, options: Options, ...args: Args) => Promise<void>,
) {
  return (...given: unknown[]): Promise<void> => {
    const command = given.at(-1) as Command;
    const options = command.optsWithGlobals<Options>();
    return act(connect(options), options, ...(given.slice(0, -2) as Args));
  };
}
