import { z } from 'zod';
import { flag, whole } from './forms.ts';

const share = z
  .string()
  .regex(/^(0(\.\d{1,4})?|1(\.0{1,4})?|\.\d{1,4})$/, 'must be a share from 0 to 1, such as 0.8')
  .transform(Number);

/** What moves spares, sleep and the desired number of nodes. */
export const autoscalingSettings = {
  ENABLE_AUTO_SCALING: flag
    .default(true)
    .describe(
      'Whether the platform moves spares, sleep and the desired number of nodes by itself; see docs/autoscaling.md.',
    ),
  MIN_NODES: whole(0, 10_000).default(1).describe('Worker nodes that the fleet is to have at least.'),
  MAX_NODES: whole(1, 10_000).default(10).describe('Worker nodes that the fleet is to have at most.'),
  SCALE_UP_THRESHOLD: share
    .default(0.8)
    .describe('Share of what there is (places, spares, memory) above which auto-scaling adds half as much again.'),
  SCALE_DOWN_THRESHOLD: share
    .default(0.3)
    .describe('Share below which auto-scaling takes three tenths away; less than SCALE_UP_THRESHOLD.'),
  SCALE_WAIT_SECONDS: whole(1, 3_600)
    .default(10)
    .describe('Seconds that the oldest agent waits for a place, on average, above which nodes are added.'),
  SCALE_START_SECONDS: whole(0, 600)
    .default(10)
    .describe('Seconds that one start in twenty may take before nodes are added; 0: starts are not looked at.'),
  SCALE_MIN_IDLE_SECONDS: whole(1, 2_592_000)
    .default(60)
    .describe('Seconds to which AGENT_IDLE_TIMEOUT may be shortened when few of the agents on a node work.'),
  SCALE_WINDOW_SECONDS: whole(2, 3_600)
    .default(300)
    .describe('Seconds over which signals of auto-scaling are averaged; no less than SCALE_LOOP_SECONDS.'),
  SCALE_LOOP_SECONDS: whole(1, 600).default(30).describe('Seconds between two looks of auto-scaling.'),
  SCALE_UP_COOLDOWN_SECONDS: whole(0, 86_400)
    .default(60)
    .describe('Seconds after a move of auto-scaling before the next one up.'),
  SCALE_DOWN_COOLDOWN_SECONDS: whole(0, 86_400)
    .default(300)
    .describe('Seconds after a move of auto-scaling before the next one down.'),
  SCALE_RETENTION_DAYS: whole(1, 3_650).default(30).describe('Days that decisions of auto-scaling are kept.'),
};
