import type { Part } from '../reply/reply.ts';
import { tokensOf } from '../request/estimate-tokens.ts';

/** What an answer says of itself, beside its parts. */
export interface Envelope {
  readonly model: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** Tokens of an answer: the characters of its texts, its thoughts, and the names and inputs (as JSON) of its calls. */
export function outputTokens(parts: readonly Part[]): number {
  let characters = 0;
  for (const part of parts) {
    if (part.kind === 'text') characters += part.text.length;
    else if (part.kind === 'thinking') characters += part.thinking.length;
    else if (part.kind === 'tool') characters += part.name.length + JSON.stringify(part.input).length;
  }
  return tokensOf(characters);
}
