import type { BegunTool, InterruptedTurn } from '../harness.ts';
import { messageUuid } from './message-uuid.ts';

/**
 * How a turn goes on after its process was lost:
 * - `complete`: the transcript holds its last answer; only the end was not recorded
 * - `send`: the transcript does not know its message; it is sent, perhaps with a note
 * - `continue`: Claude Code goes on by itself, having been told that its last tool call was cut off
 * - `prompt`: it is asked to go on, perhaps with a note about tool calls that its transcript does not know
 */
export type ResumePlan =
  | { do: 'complete'; response: string }
  | { do: 'send'; note: string | null }
  | { do: 'continue' }
  | { do: 'prompt'; note: string | null };

/** Claude Code's own words when it goes on by itself. */
export const CONTINUE_PROMPT = 'Continue from where you left off.';

interface Entry {
  type?: string;
  uuid?: string;
  isApiErrorMessage?: boolean;
  isSidechain?: boolean;
  message?: { stop_reason?: string | null; content?: unknown };
}

const CONTINUES_UP_TO = 2;
// What a transcript loses is what a process did within moments; a note must fit beside it whatever happened.
const CALLS_TOLD_MAX = 50;
const INPUT_SHOWN_CHARS = 2_000;
const OUTCOME_SHOWN_CHARS = 1_000;
const FINAL = new Set(['end_turn', 'stop_sequence', 'max_tokens', 'refusal']);

/** The model had nothing more to say. */
export function isFinal(stopReason: string | null | undefined): boolean {
  return FINAL.has(stopReason ?? '');
}

/** `asked`: what is to be said of asks that the transcript does not know. */
export function planResume(
  transcript: string[],
  { turn, tools, cause }: Pick<InterruptedTurn, 'turn' | 'tools' | 'cause'>,
  asked: string | null = null,
): ResumePlan {
  const entries = transcript.map((text) => JSON.parse(text) as Entry);
  const start = entries.findIndex((entry) => entry.uuid === messageUuid(turn.inputId));
  const known = new Set(entries.slice(Math.max(start, 0)).flatMap(toolUsesOf));
  const note =
    [noteOn(untoldOf(tools, known, cause !== null), cause), asked].filter((part) => part !== null).join('\n') || null;
  if (start === -1) return { do: 'send', note };
  const last = entries.slice(start).findLast(isConversation);
  if (last?.type === 'assistant' && isFinal(last.message?.stop_reason) && textOf(last) !== null) {
    return { do: 'complete', response: textOf(last) as string };
  }
  // It goes on by itself once: what that attempt has written down, the next one takes for an end.
  const alone = note === null && turn.attempts <= CONTINUES_UP_TO;
  return alone ? { do: 'continue' } : { do: 'prompt', note };
}

/** A part of the user's message that the platform wrote. */
export function platformNote(text: string): string {
  return `<platform-note>\n${text}\n</platform-note>`;
}

/** `known`: calls that the transcript holds. What it has lost is its end. `all`: of those without an outcome, all. */
function untoldOf(tools: BegunTool[], known: Set<string>, all: boolean): BegunTool[] {
  const isKnown = ({ ref }: BegunTool) => ref !== null && known.has(ref);
  const lastKnown = tools.findLastIndex(isKnown);
  return tools.filter((tool, index) => (tool.outcome === null ? all || !isKnown(tool) : index > lastKnown));
}

function noteOn(untold: BegunTool[], cause: string | null): string | null {
  if (untold.length === 0 && cause === null) return null;
  const tools = untold.slice(-CALLS_TOLD_MAX);
  const shown = ({ name, input }: BegunTool) => `- ${name} ${JSON.stringify(input).slice(0, INPUT_SHOWN_CHARS)}`;
  const calls = tools.filter(({ outcome }) => outcome === null).map(shown);
  const ended = tools.flatMap((tool) =>
    tool.outcome === null
      ? []
      : [shown(tool), `  ${tool.outcome.slice(0, OUTCOME_SHOWN_CHARS).replaceAll('\n', '\n  ')}`],
  );
  return platformNote(
    [
      'The process you ran in was lost while you worked on this.',
      ...(cause === null ? [] : [cause, 'Do not repeat what led there as it was: let it use less.']),
      ...(calls.length === 0
        ? []
        : [
            'These tool calls had begun; their outcome is unknown and they were not run again.',
            'Check whether they took effect before you repeat them:',
          ]),
      ...calls,
      ...(ended.length === 0 ? [] : ['These tool calls have ended, do not repeat them. What they said:']),
      ...ended,
      ...(untold.length > tools.length ? [`${untold.length - tools.length} calls before these are not shown.`] : []),
    ].join('\n'),
  );
}

function isConversation(entry: Entry): boolean {
  return (entry.type === 'assistant' || entry.type === 'user') && !entry.isApiErrorMessage && !entry.isSidechain;
}

function blocksOf(entry: Entry): { type?: string; id?: string; text?: string }[] {
  return Array.isArray(entry.message?.content) ? entry.message.content : [];
}

function toolUsesOf(entry: Entry): string[] {
  return blocksOf(entry).flatMap((block) => (block.type === 'tool_use' && block.id ? [block.id] : []));
}

function textOf(entry: Entry): string | null {
  const texts = blocksOf(entry).filter((block) => block.type === 'text');
  return texts.length === 0 ? null : texts.map((block) => block.text).join('');
}
