import { newId } from '@aaas/contract/ids';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { Ask } from '../../sessions/approvals/approval.ts';
import type { TranscriptEntry, Uncommitted } from '../../sessions/log/append.ts';
import { draftEvent, type EventDraft } from '../../sessions/log/draft-event.ts';
import { toolResultEvent, toolUseEvent } from '../../sessions/log/tool-events.ts';
import type { TurnOutcome, TurnSink } from '../harness.ts';
import type { CallGate } from './call-gate.ts';
import { LiveText } from './live-text.ts';
import type { Permission } from './permission.ts';
import { isFinal } from './resume-plan.ts';
import { toContent } from './to-content.ts';
import { toOutcome } from './to-outcome.ts';

// The longest that something waits for a commit that it can join.
const HELD_MS = 50;

/** An event that waits for its commit. `key` is what the transcript's entry of the same thing is known by. */
interface Pending {
  draft: EventDraft;
  key: string | null;
}

interface ToolCall {
  eventId: string;
  name: string;
  input: unknown;
  /** Its event is on its way into the log. */
  begun: boolean;
}

/**
 * Turns the messages of Claude Code into events, in the order in which they came. They are committed with the entries
 * of the transcript that hold the same thing, or all together before a tool runs: Claude Code writes its transcript
 * up to 100 ms later, and no tool waits for that.
 */
export class TurnTranslator {
  readonly gate: CallGate;
  readonly #sink: TurnSink;
  /** Calls that were asked about, by the id of the harness: resolves with the event's id when the ask is in the log. */
  readonly #asked = new Map<string, Promise<string>>();
  /** Grants of earlier asks that calls of this turn have taken, by the id of the harness. */
  readonly #granted = new Map<string, Ask>();
  readonly #pending: Pending[] = [];
  readonly #toolCalls = new Map<string, ToolCall>();
  readonly #live: LiveText;
  #requestStart: { id: string; usage: Record<string, number> } | null = null;
  /** Entries that wait for the next commit: they say nothing that is an event, or end the turn. */
  #held: TranscriptEntry[] = [];
  /** How many of the pending events, from the first on, those entries stand for. */
  #heldFor = 0;
  #heldTimer: NodeJS.Timeout | undefined;
  // One commit after another: the order of the log is the order of the calls.
  #tail: Promise<void> = Promise.resolve();
  #failure: Error | null = null;

  constructor(sink: TurnSink, gate: CallGate) {
    this.#sink = sink;
    this.gate = gate;
    this.#live = new LiveText((delta) => sink.delta(delta));
  }

  /** @returns the outcome when the message ends the turn. */
  onMessage(message: SDKMessage): TurnOutcome | null {
    // Messages of a subagent belong to the tool call that began it.
    if ('parent_tool_use_id' in message && message.parent_tool_use_id) return null;
    switch (message.type) {
      case 'stream_event':
        this.#onStreamEvent(message.event);
        return null;
      case 'assistant':
        if (!message.error) this.#onAssistant(message.uuid, message.message.content);
        return null;
      case 'user':
        this.#onToolResults(message.message.content);
        return null;
      case 'system':
        if (message.subtype === 'compact_boundary') this.#push(draftEvent('agent.thread_context_compacted'));
        return null;
      case 'result':
        this.#endRequest(true);
        return toOutcome(message, this.#take(this.#pending.length));
      default:
        return null;
    }
  }

  /** Commits `agent.tool_use` and everything before it; a tool may run only after this. */
  async beforeTool(toolUseId: string, name: string, input: unknown, permission: Permission | null): Promise<void> {
    const call = this.#toolCalls.get(toolUseId) ?? { eventId: newId('sevt'), name, input, begun: false };
    this.#toolCalls.set(toolUseId, call);
    call.begun = true;
    const evaluated = permission === null ? {} : { evaluated_permission: permission };
    this.#push(toolUseEvent(call, { input, ...evaluated }, toolUseId));
    await this.#commit(this.#pending.length);
  }

  /** Something that is worth a line of the log, at the place where the turn is. */
  note(draft: EventDraft): void {
    this.#push(draft);
  }

  /**
   * Asks whether a call may be made: its event is committed and the ask opened. Resolves with the id of both.
   * @throws when nobody can be asked, or it cannot be stored.
   */
  ask(toolUseId: string, name: string, input: unknown): Promise<string> {
    const asked = this.#asked.get(toolUseId) ?? this.#openAsk(toolUseId, name, input);
    this.#asked.set(toolUseId, asked);
    // The barrier finds the failure when Claude Code comes to the call.
    asked.catch(() => {});
    return asked;
  }

  async #openAsk(toolUseId: string, name: string, input: unknown): Promise<string> {
    const { desk } = this.gate;
    if (!desk.staffed) throw new Error('failed to ask: nobody is there');
    const call = this.#toolCalls.get(toolUseId);
    const known = call ?? { eventId: newId('sevt'), name, input, begun: false };
    this.#toolCalls.set(toolUseId, known);
    if (!known.begun) await this.beforeTool(toolUseId, name, input, 'ask');
    await desk.open({ eventId: known.eventId, ref: toolUseId, name, input });
    return known.eventId;
  }

  /** Lets a call through for which a person gave a grant to another process. False: there is none. */
  async useGrant(toolUseId: string, name: string, input: unknown): Promise<boolean> {
    const grant = this.#granted.get(toolUseId) ?? this.gate.takeGrant(name, input);
    if (!grant || this.#asked.has(toolUseId)) return false;
    this.#granted.set(toolUseId, grant);
    // It is the call that was asked about, and has its event already.
    this.#toolCalls.set(toolUseId, { eventId: grant.eventId, name, input, begun: true });
    if (await this.gate.desk.spend(grant.eventId, toolUseId)) return true;
    this.#toolCalls.delete(toolUseId);
    return false;
  }

  /** Says in the log that a tool was refused, and why. */
  toolRefused(toolUseId: string, message: string): void {
    this.#push(draftEvent('x.permission_denied', { tool_use_id: this.#toolCalls.get(toolUseId)?.eventId, message }));
  }

  /** Commits entries of the transcript with the events that say the same. */
  async onTranscript(entries: TranscriptEntry[], parsed: Record<string, unknown>[]): Promise<void> {
    const keys = new Set(parsed.flatMap(keysOf));
    const last = this.#pending.findLastIndex((pending) => pending.key !== null && keys.has(pending.key));
    this.#held.push(...entries);
    // The last answer of a turn is committed with the end of the turn, which follows at once.
    if (last >= 0 && !parsed.some(isLastAnswer)) return this.#commit(last + 1);
    this.#heldFor = Math.max(this.#heldFor, last + 1);
    this.#heldTimer ??= setTimeout(() => this.#commit(this.#heldFor).catch(() => {}), HELD_MS);
  }

  /**
   * Resolves when every commit that was begun has ended.
   * @throws when one of them failed: what the process knows and what we know have parted.
   */
  async settled(): Promise<void> {
    await this.#tail;
    if (this.#failure) throw this.#failure;
  }

  /** What has not been committed; whoever takes it commits it. `count`: of the pending events, from the first on. */
  #take(count: number): Uncommitted {
    clearTimeout(this.#heldTimer);
    this.#heldTimer = undefined;
    this.#heldFor = 0;
    const events = this.#pending.splice(0, count).map((pending) => pending.draft);
    return { events, transcript: this.#held.splice(0) };
  }

  #commit(count: number): Promise<void> {
    const batch = this.#take(count);
    const commit = this.#tail.then(() => {
      // What comes after something that was lost would leave a hole in the transcript.
      if (this.#failure) throw this.#failure;
      return this.#sink.commit(batch);
    });
    this.#tail = commit.catch((error: Error) => {
      this.#failure ??= error;
    });
    return commit;
  }

  #push(draft: EventDraft, key: string | null = null): void {
    this.#pending.push({ draft, key });
  }

  #onStreamEvent(event: Extract<SDKMessage, { type: 'stream_event' }>['event']): void {
    if (event.type === 'message_start') {
      this.#endRequest(true);
      const start = draftEvent('span.model_request_start');
      this.#push(start);
      this.#requestStart = { id: start.id, usage: { ...numbersOf(event.message.usage) } };
    } else if (event.type === 'message_delta' && this.#requestStart) {
      Object.assign(this.#requestStart.usage, numbersOf(event.usage));
      this.#endRequest(false);
    }
    this.#live.onStreamEvent(event);
  }

  #endRequest(isError: boolean): void {
    if (!this.#requestStart) return;
    const { id, usage } = this.#requestStart;
    this.#requestStart = null;
    this.#push(
      draftEvent('span.model_request_end', {
        model_request_start_id: id,
        is_error: isError,
        model_usage: {
          input_tokens: usage.input_tokens ?? 0,
          output_tokens: usage.output_tokens ?? 0,
          cache_creation_input_tokens: usage.cache_creation_input_tokens ?? 0,
          cache_read_input_tokens: usage.cache_read_input_tokens ?? 0,
        },
      }),
    );
  }

  #onAssistant(uuid: string, content: Extract<SDKMessage, { type: 'assistant' }>['message']['content']): void {
    for (const block of content) {
      if (block.type === 'text' && block.text !== '') {
        const { text } = block;
        const id = this.#live.takeId('text', text);
        this.#push(
          draftEvent('agent.message', { content: [{ type: 'text', text }] }, { ...(id && { id }), ref: uuid }),
          uuid,
        );
      } else if (block.type === 'thinking' || block.type === 'redacted_thinking') {
        const id = this.#live.takeId('thinking', null);
        this.#push(draftEvent('agent.thinking', {}, { ...(id && { id }), ref: uuid }), uuid);
      } else if (block.type === 'tool_use') {
        const call = { eventId: newId('sevt'), name: block.name, input: block.input, begun: false };
        this.#toolCalls.set(block.id, this.#toolCalls.get(block.id) ?? call);
        this.#askEarly(block.id, block.name, block.input);
      }
    }
  }

  /** Claude Code comes to its calls one after another; people are asked about all of an answer at once. */
  #askEarly(toolUseId: string, name: string, input: unknown): void {
    if (!this.gate.willAsk(name) || this.#granted.has(toolUseId)) return;
    const grant = this.gate.takeGrant(name, input);
    if (grant) this.#granted.set(toolUseId, grant);
    else void this.ask(toolUseId, name, input).catch(() => {});
  }

  #onToolResults(content: unknown): void {
    if (!Array.isArray(content)) return;
    for (const block of content) {
      const call = block?.type === 'tool_result' ? this.#toolCalls.get(String(block.tool_use_id)) : undefined;
      if (!call) continue;
      const toolUseId = String(block.tool_use_id);
      this.#toolCalls.delete(toolUseId);
      // Answered without our word: Claude Code has refused the call, or given it up.
      if (this.#asked.has(toolUseId)) this.gate.desk.withdraw(call.eventId);
      this.#push(
        toolResultEvent(call, { content: toContent(block.content), is_error: block.is_error === true }, toolUseId),
        toolUseId,
      );
    }
    // What a tool did is shown at once, before the model's next words; only what the model said waits for its entry.
    if (!this.#pending.some((pending) => pending.draft.type === 'agent.message')) {
      this.#commit(this.#pending.length).catch(() => {});
    }
  }
}

/** What events an entry of the transcript stands for: its uuid, or the tool calls that it answers. */
function keysOf(entry: Record<string, unknown>): string[] {
  if (entry.type === 'assistant') return [String(entry.uuid)];
  const content = (entry.message as { content?: unknown } | undefined)?.content;
  if (entry.type !== 'user' || !Array.isArray(content)) return [];
  return content.flatMap((block) => (block?.type === 'tool_result' ? [String(block.tool_use_id)] : []));
}

function numbersOf(usage: object | null | undefined): Record<string, number> {
  return Object.fromEntries(
    Object.entries(usage ?? {}).filter((entry): entry is [string, number] => typeof entry[1] === 'number'),
  );
}

function isLastAnswer(entry: Record<string, unknown>): boolean {
  return (
    entry.type === 'assistant' && isFinal((entry.message as { stop_reason?: string | null } | undefined)?.stop_reason)
  );
}
