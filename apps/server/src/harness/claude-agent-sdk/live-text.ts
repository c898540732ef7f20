import type { LiveDelta } from '@aaas/contract/events';
import { newId } from '@aaas/contract/ids';
import type { SDKMessage } from '@anthropic-ai/claude-agent-sdk';

type StreamEvent = Extract<SDKMessage, { type: 'stream_event' }>['event'];

interface Block {
  id: string;
  kind: 'text' | 'thinking';
  text: string;
}

/**
 * Shows text while it is being written. The id of an `agent.message` is made when its first letter comes, so that
 * the live pieces and the event in the log carry the same one.
 */
export class LiveText {
  readonly #show: (delta: LiveDelta) => void;
  /** Blocks of the answer that is being written, by index. */
  #blocks = new Map<number, Block>();

  constructor(show: (delta: LiveDelta) => void) {
    this.#show = show;
  }

  onStreamEvent(event: StreamEvent): void {
    if (event.type === 'message_start') this.#blocks = new Map();
    else if (event.type === 'content_block_start') this.#start(event.index, event.content_block.type);
    else if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
      this.#write(event.index, event.delta.text);
  }

  /** The id under which a finished block was shown; undefined when it was not. */
  takeId(kind: Block['kind'], text: string | null): string | undefined {
    for (const [index, block] of this.#blocks) {
      if (block.kind !== kind || (text !== null && block.text !== text)) continue;
      this.#blocks.delete(index);
      return block.id;
    }
    return undefined;
  }

  #start(index: number, type: string): void {
    if (type !== 'text' && type !== 'thinking') return;
    const block: Block = { id: newId('sevt'), kind: type, text: '' };
    this.#blocks.set(index, block);
    const shown = type === 'text' ? 'agent.message' : 'agent.thinking';
    this.#show({ type: 'event_start', event: { type: shown, id: block.id } });
  }

  #write(index: number, text: string): void {
    const block = this.#blocks.get(index);
    if (!block) return;
    block.text += text;
    this.#show({
      type: 'event_delta',
      event_id: block.id,
      delta: { type: 'content_delta', index: 0, content: { type: 'text', text } },
    });
  }
}
