import type { Answer } from './ask.ts';

export const TOOLS = ['Bash', 'Write', 'mcp__files__read_file'].map((name) => ({
  name,
  description: `The tool ${name}.`,
  input_schema: { type: 'object' },
}));

/** A user message that holds a script. */
export function scripted(steps: unknown, text = 'please'): { role: 'user'; content: string } {
  return { role: 'user', content: `${text}\n\`\`\`simulate\n${JSON.stringify(steps)}\n\`\`\`` };
}

export function user(content: unknown): { role: 'user'; content: unknown } {
  return { role: 'user', content };
}

export function assistant(content: unknown): { role: 'assistant'; content: unknown } {
  return { role: 'assistant', content };
}

/** What a harness adds to the conversation after an answer with tool calls: the answer, and a result for each call. */
export function withResults(answer: Answer, ...results: string[]): object[] {
  return [
    assistant(answer.content),
    user(
      answer.calls.map(({ id }, index) => ({
        type: 'tool_result',
        tool_use_id: id,
        content: results[index] ?? 'done',
      })),
    ),
  ];
}
