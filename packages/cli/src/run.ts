import { CommanderError } from 'commander';
import { EXIT } from './exit-codes.ts';
import type { GlobalOptions } from './global-options.ts';
import { leaveOnInterrupt } from './interrupts.ts';
import { createProgram } from './program.ts';
import { reportFailure } from './report-failure.ts';

/** Runs one command line. @returns the exit code; a server that was started goes on after that. */
export async function run(args: string[]): Promise<number> {
  const program = createProgram();
  leaveOnInterrupt();
  try {
    await program.parseAsync(args, { from: 'user' });
    // A command that has failed in its own way has said so.
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Commander has printed what it has to say: help, the version, or what is wrong with the command line.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    return reportFailure(error, program.opts<GlobalOptions>());
  }
}
