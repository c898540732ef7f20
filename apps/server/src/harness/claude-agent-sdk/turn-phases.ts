import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { TurnPhase, TurnProgress } from '../../sandboxes/health/turn-progress.ts';

/** Follows what a turn of Claude Code waits for. Every message of it is a sign of life. */
export class TurnPhases {
  #phase: TurnPhase = 'model';
  #beat = 0;
  /** Tool calls without a result. */
  readonly #tools = new Set<string>();
  /** Questions of ours that wait for a person. */
  #asked = 0;
  /** Claude Code says that it waits for a person. */
  #asks = false;

  progress(): TurnProgress {
    return { phase: this.#asks || this.#asked > 0 ? 'approval' : this.#phase, beat: this.#beat };
  }

  begin(): void {
    this.#phase = 'model';
    this.#tools.clear();
    this.#asked = 0;
    this.#asks = false;
    this.#beat++;
  }

  /** A question to a person is open until the returned function is called. */
  ask(): () => void {
    let open = true;
    this.#asked++;
    return () => {
      if (open) this.#asked = Math.max(0, this.#asked - 1);
      open = false;
      this.#beat++;
    };
  }

  onMessage(message: SDKMessage): void {
    this.#beat++;
    if ('parent_tool_use_id' in message && message.parent_tool_use_id) return;
    switch (message.type) {
      case 'system':
        // A request, or a summary of the conversation: the model has the word.
        if (message.subtype === 'status' && message.status !== null) this.#phase = 'model';
        if (message.subtype === 'session_state_changed') this.#asks = message.state === 'requires_action';
        return;
      case 'stream_event':
        this.#phase = message.event.type === 'message_stop' && this.#tools.size > 0 ? 'tool' : 'stream';
        return;
      case 'assistant':
        for (const block of message.message.content) if (block.type === 'tool_use') this.#tools.add(block.id);
        return;
      case 'user':
        this.#onResults(message.message.content);
        return;
    }
  }

  #onResults(content: unknown): void {
    if (!Array.isArray(content)) return;
    for (const block of content) if (block?.type === 'tool_result') this.#tools.delete(String(block.tool_use_id));
    this.#phase = this.#tools.size > 0 ? 'tool' : 'model';
  }
}
