/** Something to say to the agent. */
export interface Prompt {
  text: string;
  /** What the simulated model does with it. A real one reads the text alone. */
  steps: Record<string, unknown>[];
  /** What a tool must have shown when the turn is over. */
  proof: string;
}

const SCRIPT = `a=0; b=1
while [ $a -lt 40 ]; do printf '%s ' $a; c=$((a + b)); a=$b; b=$c; done
`;

/** Paths are relative: the working directory is the agent's own. */
export const WORK: Prompt = {
  text: 'Write fib.sh, which prints ten Fibonacci numbers in one line, and run it.',
  steps: [
    { tokens_per_second: 40 },
    { text: 'I write the script first, and then I run it.' },
    { tool: 'Write', input: { file_path: 'fib.sh', content: SCRIPT } },
    { tool: 'Bash', input: { command: 'sh fib.sh' } },
    { text: 'It prints the numbers from 0 to 34.' },
  ],
  proof: '0 1 1 2 3 5 8 13 21 34',
};

export const RECALL: Prompt = {
  text: 'What did you do before the crash? Show me: cat fib.sh',
  steps: [{ tool: 'Bash', input: { command: 'cat fib.sh' } }],
  proof: 'printf',
};

/** The message that carries a prompt. */
export function toMessage(prompt: Prompt, simulated: boolean): string {
  return simulated ? `${prompt.text}\n\`\`\`simulate\n${JSON.stringify(prompt.steps)}\n\`\`\`` : prompt.text;
}
