import type { AgentMessageEvent, ContentBlock } from '@aaas/client/events/log-event';
import type { TurnEvent } from '@aaas/client/messages/message';
import type { QueryEvent } from '@aaas/client/query/query';
import { printable, shorten } from '../output/one-line.ts';
import { style } from '../output/style.ts';
import { describeInput, describeResult } from './describe-tool.ts';

const NARROWEST = 40;
/** Of a tool's result. */
const RESULT_LINES = 3;
const WIDTH_WITHOUT_TERMINAL = 100;

/** Shows a turn to a person while it happens: text as it is written, tools as short lines. */
export class TurnView {
  readonly #margin: string;
  #atLineStart = true;
  /** Messages that are being written, in their order: as far as they have come, and as far as they are shown. */
  readonly #messages = new Map<string, { text: string; shown: number }>();
  /** The one whose text stands at the end of the output. */
  #current: string | null = null;
  #hasText = false;
  /** Names of tools whose results are still to come, by the ids of their calls. */
  readonly #openTools = new Map<string, string>();

  /** @param margin what every line begins with */
  constructor(margin = '') {
    this.#margin = margin;
  }

  show(event: TurnEvent | QueryEvent): void {
    switch (event.type) {
      case 'event_delta':
        this.#addText(event.event_id, event.delta.content.text);
        break;
      case 'agent.message':
        this.#endText(event);
        break;
      case 'agent.tool_use':
        this.#showTool(event);
        break;
      case 'agent.tool_result':
        this.#showResult(event.tool_use_id, event);
        break;
      case 'agent.mcp_tool_use':
        this.#showTool({ ...event, name: `${event.mcp_server_name}.${event.name}` });
        break;
      case 'agent.mcp_tool_result':
        this.#showResult(event.mcp_tool_use_id, event);
        break;
      case 'x.mcp_server_failed':
      case 'x.budget_exceeded':
        this.#line(style('yellow', `! ${shorten(printable(event.message), this.#width - 2)}`));
        break;
      case 'x.permission_denied':
        this.#line(style('yellow', `  ✗ refused: ${shorten(printable(event.message), this.#width - 14)}`));
        break;
      case 'x.queue_position':
        this.#line(style('dim', `waits, ${event.queue_position} in the queue`));
        break;
      case 'session.error':
        this.#line(style('yellow', `! ${shorten(printable(event.error.message), this.#width - 2)}`));
        break;
      case 'x.lifecycle':
        if (event.to === 'recovering') this.#startOver();
        break;
      default:
    }
  }

  /** The answer, when none of it came on the way: the connection was cut and there was no log to take it from. */
  showMissing({ response }: { response: string }): void {
    if (this.#hasText || response === '') return;
    this.endLine();
    this.#out(printable(response));
  }

  /** Begins a new line if the last one is not finished. */
  endLine(): void {
    if (!this.#atLineStart) this.#out('\n');
  }

  get #width(): number {
    return Math.max((process.stdout.columns ?? WIDTH_WITHOUT_TERMINAL) - this.#margin.length, NARROWEST);
  }

  #addText(id: string, text: string): void {
    const message = this.#messages.get(id) ?? { text: '', shown: 0 };
    message.text += text;
    this.#messages.set(id, message);
    this.#showText();
  }

  // The log holds a tool's result before the text that follows from it, but live text does not wait for the log: it
  // is held back until the results are shown, or it would stand above them.
  #showText(): void {
    if (this.#openTools.size > 0) return;
    for (const [id, message] of this.#messages) {
      if (message.shown === message.text.length) continue;
      if (this.#current !== id) this.endLine();
      this.#hasText = true;
      this.#current = id;
      this.#out(printable(message.text.slice(message.shown)));
      message.shown = message.text.length;
    }
  }

  #endText({ id, content }: AgentMessageEvent): void {
    const text = content.map((block) => (block.type === 'text' ? block.text : '')).join('');
    const live = this.#messages.get(id);
    const isBeginning = live !== undefined && text.startsWith(live.text);
    // The connection was cut in the middle of it: it is shown once more, as a whole.
    if (live && !isBeginning) this.endLine();
    this.#messages.set(id, { text, shown: isBeginning ? live.shown : 0 });
    this.#openTools.clear();
    this.#showText();
    this.#messages.delete(id);
    if (this.#current === id) this.endLine();
  }

  /** What was being written will be written again. */
  #startOver(): void {
    this.#messages.clear();
    this.#line(style('dim', '… its process was lost; another one goes on'));
  }

  #showTool({ id, name, input }: { id: string; name: string; input: Record<string, unknown> }): void {
    this.#openTools.set(id, name);
    const what = shorten(describeInput(name, input), this.#width - name.length - 4);
    this.#line(`${style('cyan', '⏺')} ${style('bold', printable(name))}  ${what}`);
  }

  #showResult(toolUseId: string, event: { content: ContentBlock[]; is_error: boolean }): void {
    // Several tools at once: their results come in any order.
    const name = this.#openTools.size > 1 ? `${this.#openTools.get(toolUseId)}: ` : '';
    this.#openTools.delete(toolUseId);
    const { lines, more } = describeResult(event, RESULT_LINES);
    for (const [index, line] of [...lines, ...(more > 0 ? [`… ${more} more`] : [])].entries()) {
      const text = `${index === 0 ? `  ⎿ ${name}` : '    '}${line}`;
      this.#line(style(event.is_error ? 'red' : 'dim', shorten(text, this.#width)));
    }
    this.#showText();
  }

  #line(text: string): void {
    this.endLine();
    this.#out(`${text}\n`);
  }

  #out(text: string): void {
    if (text === '') return;
    const begun = this.#atLineStart ? this.#margin : '';
    process.stdout.write(begun + text.replace(/\n(?!$)/g, `\n${this.#margin}`));
    this.#atLineStart = text.endsWith('\n');
  }
}
