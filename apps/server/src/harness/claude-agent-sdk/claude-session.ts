import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentDefinition } from '@aaas/contract/agent-config';
import type { FirstToken } from '@aaas/contract/starts';
import type { Query, SDKMessage, SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';
import type { TurnProgress } from '../../sandboxes/health/turn-progress.ts';
import type { ProcessQuery } from '../../sandboxes/reaper/find-processes.ts';
import { describeExit, type ExitInfo, type Sandbox } from '../../sandboxes/spawn/spawn-sandbox.ts';
import type { Ask } from '../../sessions/approvals/approval.ts';
import type { TranscriptEntry } from '../../sessions/log/append.ts';
import { draftEvent } from '../../sessions/log/draft-event.ts';
import type { OpenTurn } from '../../sessions/turns/begin-turn.ts';
import type { HarnessFailure, HarnessSession, TurnOutcome, TurnSink } from '../harness.ts';
import { round, type StartClock } from '../start/start-clock.ts';
import { CallGate } from './call-gate.ts';
import { failedServers } from './mcp-servers.ts';
import type { MessageQueue } from './message-queue.ts';
import { messageUuid } from './message-uuid.ts';
import { CONTINUE_PROMPT, type ResumePlan } from './resume-plan.ts';
import { TurnPhases } from './turn-phases.ts';
import { TurnTranslator } from './turn-translator.ts';

// What a closing process is given to end by itself, and then at SIGTERM before it is killed.
const CLOSE_GRACE_MS = 3_000;
const TERM_GRACE_MS = 2_500;
// A resumed process says with its first answer whether it goes on with its open turn; this long it may change its mind.
const CONTINUE_WITHIN_MS = 3_000;
// Of a process that ends, the output is closed first.
const EXIT_FOLLOWS_MS = 2_000;
const MCP_POLL_MS = 50;

/** One live Claude Code process and the turn that it works on. */
export class ClaudeSession implements HarnessSession {
  readonly spawned: Promise<void>;
  readonly located: Promise<void>;
  readonly exited: Promise<ExitInfo>;
  readonly failed: Promise<HarnessFailure>;
  /** What the turn that runs waits for. */
  readonly phases = new TurnPhases();
  readonly #input: MessageQueue;
  readonly #plan: ResumePlan | null;
  readonly #sink: TurnSink;
  readonly #written: () => AsyncIterable<TranscriptEntry & { uuid: string }>;
  readonly #definition: AgentDefinition;
  #grants: Ask[];
  #note: string | null;
  #query!: Query;
  #sandbox!: Sandbox;
  #translator: TurnTranslator | null = null;
  #turn: PromiseWithResolvers<TurnOutcome> | null = null;
  /** By its own word, Claude Code has begun with the turn, and has not come to rest. */
  #hasBegun = false;
  #fail!: (failure: HarnessFailure) => void;
  #turnBegan = new Date();
  #mcpConnectMs: number | null;
  readonly #clock: StartClock;
  #mcpMs: number | null = null;
  /** When the first message went in, or the process could go on by itself; null: it has answered since. */
  #askedAt: number | null = null;
  #attached!: (sandbox: Sandbox) => void;

  constructor(options: {
    input: MessageQueue;
    plan: ResumePlan | null;
    sink: TurnSink;
    /** How long the first turn waits for MCP servers, in milliseconds; null: there are none. */
    mcpConnectMs: number | null;
    clock: StartClock;
    /** Reads what the process keeps of its transcript. */
    written(): AsyncIterable<TranscriptEntry & { uuid: string }>;
    definition: AgentDefinition;
    /** What people have allowed in the turn that is gone on with. */
    grants: Ask[];
    /** For the model, with the next message. */
    note: string | null;
  }) {
    this.#input = options.input;
    this.#plan = options.plan;
    this.#sink = options.sink;
    this.#written = options.written;
    this.#definition = options.definition;
    this.#grants = options.grants;
    this.#note = options.note;
    this.#mcpConnectMs = options.mcpConnectMs;
    this.#clock = options.clock;
    this.#askedAt = performance.now();
    const attached = new Promise<Sandbox>((resolve) => {
      this.#attached = resolve;
    });
    this.spawned = attached.then(() => {});
    this.located = attached.then((sandbox) => sandbox.located);
    this.exited = attached.then((sandbox) => sandbox.exited);
    this.failed = new Promise((resolve) => {
      this.#fail = resolve;
    });
    // It goes on as soon as it is up, before anybody calls runTurn.
    if (this.#plan?.do === 'continue') this.#openTurn();
  }

  get pid(): number | null {
    return this.#sandbox.pid;
  }

  get tree(): ProcessQuery {
    return this.#sandbox.tree;
  }

  get translator(): TurnTranslator | null {
    return this.#translator;
  }

  attachProcess(sandbox: Sandbox): void {
    this.#sandbox = sandbox;
    sandbox.exited.then((exit) => this.#turn?.reject(new Error(`the process ${describeExit(exit)}`)));
    void this.#watchOutput(sandbox);
    this.#attached(sandbox);
  }

  attachQuery(query: Query): void {
    this.#query = query;
    this.#read().catch(() => {
      // The process is gone; `exited` tells how.
    });
  }

  lastOutput(): string {
    return this.#sandbox.lastOutput();
  }

  async probe(): Promise<void> {
    await this.#query.initializationResult();
  }

  async ping(): Promise<void> {
    await this.#query.mcpServerStatus();
  }

  progress(): TurnProgress | null {
    return this.#turn && this.phases.progress();
  }

  runTurn(turn: OpenTurn, how: 'new' | 'resume'): Promise<TurnOutcome> {
    const plan = how === 'resume' ? this.#plan : null;
    if (plan?.do === 'complete') {
      return Promise.resolve({
        kind: 'completed',
        stopReason: 'end_turn',
        response: plan.response,
        left: { events: [], transcript: [] },
      });
    }
    const { promise } = this.#turn ?? this.#openTurn();
    const note = this.#notesFor(plan).map(text);
    if (plan?.do === 'continue') void this.#partUnlessBegun();
    else if (plan?.do === 'prompt') this.#send([...note, text(CONTINUE_PROMPT)], `${turn.inputId}#${turn.attempts}`);
    else {
      void this.#sendWithServers([...(turn.input.content as []), ...note], turn.inputId);
    }
    return promise.finally(() => {
      this.#turn = null;
      this.#translator = null;
      this.#grants = [];
    });
  }

  #notesFor(plan: ResumePlan | null): string[] {
    if (plan?.do === 'prompt' || plan?.do === 'send') return plan.note === null ? [] : [plan.note];
    const note = plan === null ? this.#note : null;
    if (plan === null) this.#note = null;
    return note === null ? [] : [note];
  }

  #openTurn(): PromiseWithResolvers<TurnOutcome> {
    this.phases.begin();
    this.#hasBegun = false;
    this.#turnBegan = new Date();
    this.#translator = new TurnTranslator(this.#sink, new CallGate(this.#definition, this.#sink.asks, this.#grants));
    this.#turn = Promise.withResolvers();
    // Awaited by the caller; a loss before that must not count as unhandled.
    this.#turn.promise.catch(() => {});
    return this.#turn;
  }

  async interrupt(): Promise<void> {
    const turn = this.#turn?.promise;
    await this.#query.interrupt();
    // Claude Code ends what its tools run, except for what has made a daemon of itself.
    await turn?.catch(() => {});
    await this.#sandbox.endStrays(this.#turnBegan);
  }

  async onTranscript(entries: TranscriptEntry[], parsed: Record<string, unknown>[]): Promise<void> {
    if (this.#translator) await this.#translator.onTranscript(entries, parsed);
    else await this.#sink.commit({ events: [], transcript: entries });
  }

  written(): AsyncIterable<TranscriptEntry & { uuid: string }> {
    return this.#written();
  }

  async close(): Promise<void> {
    this.#input.end();
    await Promise.race([this.#sandbox.exited, sleep(CLOSE_GRACE_MS, undefined, { ref: false })]);
    await this.#sandbox.end(TERM_GRACE_MS);
    this.#query.close();
  }

  async kill(): Promise<void> {
    await this.#sandbox.kill();
    this.#query.close();
  }

  /** The first message waits until the MCP servers have come up or failed: what it asks for may need them. */
  async #sendWithServers(content: SDKUserMessage['message']['content'], inputId: string): Promise<void> {
    if (this.#mcpConnectMs !== null) {
      const beganAt = performance.now();
      await this.#settleServers(this.#mcpConnectMs);
      this.#mcpMs = round(performance.now() - beganAt);
      this.#clock.later('mcp', this.#mcpMs);
    }
    this.#mcpConnectMs = null;
    this.#send(content, inputId);
  }

  async #settleServers(withinMs: number): Promise<void> {
    try {
      const deadline = performance.now() + withinMs;
      let statuses = await this.#query.mcpServerStatus();
      while (statuses.some(({ status }) => status === 'pending') && performance.now() < deadline) {
        await sleep(MCP_POLL_MS);
        statuses = await this.#query.mcpServerStatus();
      }
      const failed = failedServers(statuses);
      if (failed.length === 0) return;
      await this.#sink.commit({
        events: failed.map((server) => draftEvent('x.mcp_server_failed', server)),
        transcript: [],
      });
    } catch {
      // A process that is gone says so elsewhere, and a log that cannot be written ends the turn at its first event.
    }
  }

  #send(content: SDKUserMessage['message']['content'], inputId: string): void {
    if (this.#askedAt !== null) this.#askedAt = performance.now();
    this.#input.send({
      type: 'user',
      message: { role: 'user', content },
      parent_tool_use_id: null,
      uuid: messageUuid(inputId),
    });
  }

  /** It is not asked as well: if it were only slow, it would do both, and answer the next turn with this one's words. */
  async #partUnlessBegun(): Promise<void> {
    const turn = this.#turn;
    // Loss of the process is told elsewhere.
    const answer = await this.#query.initializationResult().catch(() => null);
    // The types of the SDK name the field in a comment alone.
    if (!answer || (answer as { session_state?: unknown }).session_state === 'running') return;
    await sleep(CONTINUE_WITHIN_MS, undefined, { ref: false });
    if (this.#turn === turn && !this.#hasBegun) {
      this.#fail({ reason: 'stream_ended', detail: 'it did not go on with its open turn' });
    }
  }

  async #read(): Promise<void> {
    for await (const message of this.#query) {
      if (message.type === 'system' && message.subtype === 'mirror_error') return this.#part(message.error);
      if (message.type === 'system' && message.subtype === 'session_state_changed') this.#onState(message.state);
      this.phases.onMessage(message);
      if (isAnswer(message)) this.#onAnswer();
      const outcome = this.#translator?.onMessage(message);
      if (!outcome) continue;
      this.#hasBegun = false;
      try {
        await this.#translator?.settled();
        this.#turn?.resolve(outcome);
      } catch (error) {
        return this.#part(String(error));
      }
    }
  }

  /** It comes to rest after the result of a turn. One that does so before will never give one. */
  #onState(state: 'idle' | 'running' | 'requires_action'): void {
    if (state === 'idle' && this.#turn && this.#hasBegun) {
      this.#fail({ reason: 'stream_ended', detail: 'it came to rest without a result of its turn' });
    }
    this.#hasBegun = state !== 'idle';
  }

  async #watchOutput(sandbox: Sandbox): Promise<void> {
    await sandbox.outputEnded;
    const exit = await Promise.race([sandbox.exited, sleep(EXIT_FOLLOWS_MS, null, { ref: false })]);
    if (!exit) this.#fail({ reason: 'stream_ended', detail: 'it closed its output and lives' });
  }

  /** What the process remembers cannot be stored: it must not go on. Its owner ends it, and the turn with it. */
  #part(why: string): void {
    this.#fail({ reason: 'transcript_lost', detail: `failed to store the transcript: ${why}` });
  }

  #onAnswer(): void {
    if (this.#askedAt === null || !this.#translator) return;
    const first: FirstToken = {
      start_id: this.#clock.id,
      mcp_ms: this.#mcpMs,
      first_token_ms: round(performance.now() - this.#askedAt),
    };
    this.#askedAt = null;
    this.#clock.later('first_token', first.first_token_ms);
    this.#translator.note(draftEvent('x.first_token', { ...first }));
  }
}

function isAnswer(message: SDKMessage): boolean {
  return (
    message.type === 'assistant' || (message.type === 'stream_event' && message.event.type === 'content_block_delta')
  );
}

function text(value: string) {
  return { type: 'text' as const, text: value };
}
