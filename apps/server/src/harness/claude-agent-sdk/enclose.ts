import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { SessionDirectory } from '../../directories/session-directory.ts';
import type { Enclosure } from '../../sandboxes/limits/enclosure.ts';
import type { SandboxName } from '../../sandboxes/reaper/sandbox-marker.ts';
import { draftEvent } from '../../sessions/log/draft-event.ts';
import type { TurnSink } from '../harness.ts';
import type { HarnessNode } from './claude-harness.ts';

/**
 * Makes the enclosure of a process that is about to be started. What reaches a limit is told to `sink`, asked at that
 * moment; null: there is nobody yet.
 */
export function enclose(
  node: HarnessNode,
  parts: {
    name: SandboxName;
    definition: AgentDefinition;
    directory: SessionDirectory;
    user: { uid: number } | null;
  },
  sink: () => TurnSink | null,
): Promise<Enclosure> {
  return node.limits.create({
    name: parts.name,
    uid: parts.user?.uid ?? null,
    definition: parts.definition,
    directory: parts.directory.root,
    // A log that cannot be written ends the session elsewhere.
    tell: (event) =>
      void sink()
        ?.commit({ events: [draftEvent('x.limit_reached', { ...event })], transcript: [] })
        .catch(() => {}),
  });
}
