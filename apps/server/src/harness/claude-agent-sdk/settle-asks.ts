import { randomUUID } from 'node:crypto';
import { type Ask, answerTo } from '../../sessions/approvals/approval.ts';
import type { TranscriptEntry } from '../../sessions/log/append.ts';
import type { EventDraft } from '../../sessions/log/draft-event.ts';
import { toolResultEvent } from '../../sessions/log/tool-events.ts';
import { platformNote } from './resume-plan.ts';

interface Entry {
  type?: string;
  uuid?: string;
  isSidechain?: boolean;
  message?: { role?: string; content?: unknown };
  [field: string]: unknown;
}

/** What Claude Code must find in its transcript, and the log in itself, when a turn goes on whose asks were answered. */
export interface SettledAsks {
  transcript: TranscriptEntry[];
  events: EventDraft[];
  /** About calls that the transcript does not know: the process was lost before it wrote them down. */
  note: string | null;
}

// The simulator knows this sentence: it repeats the call, as a model does.
const CALL_AGAIN =
  'Approved by a person, but not run yet: the process that asked was put away while it waited. Make exactly the same call again, with the same input, and it runs.';

/**
 * Answers the calls that were left open in a transcript. A denied call has its result with that. An allowed one has not
 * run, which is certain: the model is told to make it again, and the grant lets it through in the name of the first.
 */
export function settleAsks(transcript: string[], asks: Ask[], now: Date): SettledAsks {
  const settled: SettledAsks = { transcript: [], events: [], note: null };
  const entries = transcript.map((text) => JSON.parse(text) as Entry).filter((entry) => !entry.isSidechain);
  const lost: string[] = [];
  let parent = entries.findLast((entry) => typeof entry.uuid === 'string')?.uuid ?? null;
  for (const ask of asks) {
    const answer = answerTo(ask);
    if (!answer) continue;
    const text = answer.allow ? CALL_AGAIN : answer.message;
    if (!answer.allow) {
      const body = { content: [{ type: 'text', text }], is_error: true };
      settled.events.push(toolResultEvent(ask, body, ask.ref));
    }
    const call = entries.find((entry) => blocksOf(entry).some((block) => isCall(block, ask.ref)));
    if (!call) lost.push(`- ${ask.name} ${JSON.stringify(ask.input)}: ${text}`);
    else if (!entries.some((entry) => blocksOf(entry).some((block) => block.tool_use_id === ask.ref))) {
      const entry = resultEntry(call, parent, ask.ref, text, now);
      parent = entry.uuid as string;
      settled.transcript.push({ subpath: '', uuid: parent, entry: JSON.stringify(entry) });
    }
  }
  if (lost.length > 0) {
    settled.note = platformNote(['You had called these tools, and a person was asked about them:', ...lost].join('\n'));
  }
  return settled;
}

/** An entry as Claude Code would have written it. */
function resultEntry(call: Entry, parent: string | null, ref: string, text: string, now: Date): Entry {
  const { cwd, sessionId, version, gitBranch, userType, entrypoint } = call;
  return {
    parentUuid: parent,
    isSidechain: false,
    userType,
    entrypoint,
    cwd,
    sessionId,
    version,
    gitBranch,
    type: 'user',
    message: { role: 'user', content: [{ type: 'tool_result', content: text, is_error: true, tool_use_id: ref }] },
    uuid: randomUUID(),
    timestamp: now.toISOString(),
    toolUseResult: `Error: ${text}`,
    sourceToolAssistantUUID: call.uuid,
  };
}

function blocksOf(entry: Entry): { type?: string; id?: string; tool_use_id?: string }[] {
  return Array.isArray(entry.message?.content) ? entry.message.content : [];
}

function isCall(block: { type?: string; id?: string }, ref: string): boolean {
  return block.type === 'tool_use' && block.id === ref;
}
