import type { Part } from '../reply/reply.ts';
import { findTool } from './match-tool.ts';
import { type FaultStep, isFault, type Step } from './step.ts';

/** What the texts of a script may name, and what the request offers. */
export interface ScriptContext {
  readonly offered: readonly string[];
  /** Replaces `{{n}}` and `{{tool_result}}`. */
  readonly expand: (text: string) => string;
  /** The text of a response whose steps leave it without one. */
  readonly defaultText: string;
}

/** A part, or a fault at its place, with the index of its step. */
export type Item = { readonly part: Part } | { readonly fault: FaultStep; readonly step: number };

export interface Composition {
  readonly items: readonly Item[];
  readonly stopReason: 'end_turn' | 'tool_use';
}

/** The steps of one response: from `position` to the next tool calls, or to the end of the script. */
export function composeResponse(steps: readonly Step[], position: number, context: ScriptContext): Composition {
  const items: Item[] = [];
  let pace = steps.slice(0, position).findLast((step) => step.kind === 'pace')?.tokensPerSecond;
  let called = false;
  let hasText = false;
  const addText = (text: string) => {
    if (text === '') return;
    items.push({ part: { kind: 'text', text, ...(pace === undefined ? {} : { tokensPerSecond: pace }) } });
    hasText = true;
  };
  for (const [index, step] of steps.entries()) {
    if (index < position) continue;
    const goesOn = step.kind === 'tool' && step.parallel && steps[index - 1]?.kind === 'tool';
    if (called && !goesOn) return { items, stopReason: 'tool_use' };
    if (isFault(step)) items.push({ fault: step, step: index });
    else if (step.kind === 'text') addText(context.expand(step.text));
    else if (step.kind === 'thinking') items.push({ part: { kind: 'thinking', thinking: step.thinking } });
    else if (step.kind === 'wait') items.push({ part: { kind: 'wait', ms: step.ms } });
    else if (step.kind === 'pace') pace = step.tokensPerSecond;
    else {
      const name = findTool(step.tool, context.offered);
      if (name === undefined) addText(notOffered(step.tool, context.offered));
      else items.push({ part: { kind: 'tool', name, input: step.input } });
      called ||= name !== undefined;
    }
  }
  if (called) return { items, stopReason: 'tool_use' };
  if (!hasText) addText(context.defaultText);
  return { items, stopReason: 'end_turn' };
}

function notOffered(tool: string, offered: readonly string[]): string {
  const names = offered.length === 0 ? 'no tool at all' : offered.join(', ');
  return `The script calls the tool ${tool}, which this request does not offer. It offers: ${names}.`;
}
