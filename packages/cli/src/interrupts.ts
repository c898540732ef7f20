import { EXIT } from './exit-codes.ts';

const leave = () => process.exit(EXIT.interrupted);
let current: (() => void) | null = null;

/** What Ctrl-C does from now on; null: what the process does by itself. */
export function onInterrupt(handler: (() => void) | null): void {
  if (current) process.off('SIGINT', current);
  current = handler;
  if (current) process.on('SIGINT', current);
}

/** Ctrl-C ends the command. */
export function leaveOnInterrupt(): void {
  onInterrupt(leave);
}
