/** What Claude Code asks a model beside the conversation. `probe` is any request for a single token. */
export type SideRequest =
  | 'probe'
  | 'title'
  | 'name'
  | 'tool-label'
  | 'progress'
  | 'recap'
  | 'suggestion'
  | 'compaction'
  | 'question'
  | 'hook'
  | 'safety'
  | 'page'
  | 'search';

type Beginnings = readonly (readonly [beginning: string, kind: SideRequest])[];

/** Beginnings of a system block: requests of their own, with a prompt of their own. */
export const SIDE_SYSTEM_PROMPTS: Beginnings = [
  ['You are naming a coding session', 'title'],
  ['Generate a concise, sentence-case title', 'title'],
  ['Analyze if this message indicates a new conversation topic', 'title'],
  ['Write a short summary label describing what these tool calls', 'tool-label'],
  ['You are evaluating a hook in Claude Code', 'hook'],
  ['You are evaluating a stop-condition hook in Claude Code', 'hook'],
  ['You are a security monitor for autonomous AI coding agents', 'safety'],
];

/** Beginnings of the user text that Claude Code adds to a copy of the conversation. */
export const SIDE_USER_PROMPTS: Beginnings = [
  ['[SUGGESTION MODE:', 'suggestion'],
  ['CRITICAL: Respond with TEXT ONLY', 'compaction'],
  ['Your task is to create a detailed summary of', 'compaction'],
  ['The user stepped away and is coming back.', 'recap'],
  ["Describe the agent's most recent action in 3-5 words", 'progress'],
  ['Describe your most recent action in 3-5 words', 'progress'],
  ['Generate a short kebab-case name', 'name'],
];

/** The reminder that stands before the question of `/btw`. */
export const SIDE_QUESTION = '<system-reminder>This is a side question from the user.';

/** Beginnings of the single user text of a tool that asks a model by itself. */
export const TOOL_PROMPTS: Beginnings = [
  ['Web page content:', 'page'],
  ['Perform a web search for the query:', 'search'],
];

export function kindByBeginning(text: string, beginnings: Beginnings): SideRequest | undefined {
  const trimmed = text.trimStart();
  return beginnings.find(([beginning]) => trimmed.startsWith(beginning))?.[1];
}

export function isSidePrompt(text: string): boolean {
  return kindByBeginning(text, SIDE_USER_PROMPTS) !== undefined;
}
