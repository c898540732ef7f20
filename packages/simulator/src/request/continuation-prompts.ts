/**
 * Texts in `role: "user"` that no user wrote: Claude Code puts them into the conversation by itself, to go on after an
 * interruption, to report a command or a hook, to replace what it compacted. They are found by experiment with Claude
 * Code 2.1.330; a text that is missing here only makes the count of user messages one too high.
 */
export const CONTINUATION_PROMPTS = {
  exact: [
    'Continue from where you left off.',
    'No response requested.',
    '(no content)',
    'Tool loaded.',
    'Your tool call was malformed and could not be parsed. Please retry.',
    'The previous response failed to produce a valid tool call. Please retry the tool call now.',
  ],
  beginnings: [
    '<platform-note>',
    '[Request interrupted by user',
    'Continue from where you left off. Note: this session was automatically restarted',
    'Continue from where you left off. This session moved to a new runner',
    "This session's worker process was restarted.",
    'This session is being continued from another machine.',
    'This session is being continued from a previous conversation that ran out of context.',
    'Your response above was cut off mid-stream',
    'Your response was cut off because it exceeded the output token limit',
    'Output token limit hit',
    '[Your previous response had no visible output',
    '[Your previous response reached the output limit',
    '[structured-output-enforce]',
    'Stop hook feedback:',
    'SubagentStop hook feedback:',
    'TaskCreated hook feedback:',
    'TaskCompleted hook feedback:',
    'TeammateIdle hook feedback:',
    '<task-notification>',
    '<local-command-caveat>',
    '<local-command-stdout>',
    '<local-command-stderr>',
    '<command-name>',
    '<command-message>',
    '<bash-input>',
    '<bash-stdout>',
    '[Image:',
    '[Image source:',
    '[Document source:',
    '[Image not shown, read it from',
    'Base directory for this skill:',
  ],
} as const;

const exact: ReadonlySet<string> = new Set(CONTINUATION_PROMPTS.exact);

export function isContinuationPrompt(text: string): boolean {
  const trimmed = text.trim();
  return exact.has(trimmed) || CONTINUATION_PROMPTS.beginnings.some((beginning) => trimmed.startsWith(beginning));
}
