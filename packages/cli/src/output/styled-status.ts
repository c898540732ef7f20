import type { Status } from '@aaas/contract/lifecycle';
import { style } from './style.ts';

const COLOURS: Partial<Record<Status, 'green' | 'cyan' | 'yellow' | 'red' | 'dim'>> = {
  idle: 'green',
  running: 'cyan',
  unhealthy: 'yellow',
  recovering: 'yellow',
  error: 'red',
  stopped: 'dim',
  hibernated: 'dim',
  terminated: 'dim',
};

export function styledStatus(status: Status): string {
  const colour = COLOURS[status];
  return colour === undefined ? status : style(colour, status);
}
