import { whole } from './forms.ts';

/** What a session may wait for, and for how long. */
export const sessionSettings = {
  MAX_QUEUED_MESSAGES: whole(1, 100_000).default(1_000).describe('Messages that may wait for one agent.'),
  AGENT_TIMEOUT: whole(1, 86_400).default(3_600).describe('Seconds a turn may take.'),
  APPROVAL_TIMEOUT: whole(0, 31_536_000)
    .default(86_400)
    .describe(
      'Seconds a person has to approve a tool; then it is denied. 0: nobody is asked, what would ask is denied.',
    ),
  APPROVAL_HOLD: whole(0, 86_400)
    .default(300)
    .describe(
      'Seconds a process is kept while a tool waits for an approval; then it is let go, and the answer wakes it.',
    ),
  DRAIN_TIMEOUT: whole(0, 3_600)
    .default(30)
    .describe('Seconds a running turn gets when its agent or the server stops.'),
  INTERRUPT_TIMEOUT: whole(1, 60)
    .default(2)
    .describe('Seconds an interrupted process gets before it is killed and resumed.'),
};
