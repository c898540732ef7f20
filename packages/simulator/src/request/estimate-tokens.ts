import type { MessageRequest } from './message-request.ts';

/** The rule for both directions: four characters are a token. No tokenizer, so that anybody can check a bill. */
export function tokensOf(characters: number): number {
  return Math.ceil(characters / 4);
}

/** Tokens of a request: the characters of all keys and values in `system`, `messages` and `tools`. */
export function inputTokens({ system, messages, tools }: MessageRequest): number {
  return tokensOf(charactersOf(system) + charactersOf(messages) + charactersOf(tools));
}

/** Lengths only: writing 50 kB of request as JSON again would cost more than the whole answer. */
function charactersOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (typeof value !== 'object') return value === undefined ? 0 : String(value).length;
  let characters = 0;
  if (Array.isArray(value)) for (const item of value) characters += charactersOf(item);
  else for (const key in value) characters += key.length + charactersOf((value as Record<string, unknown>)[key]);
  return characters;
}
