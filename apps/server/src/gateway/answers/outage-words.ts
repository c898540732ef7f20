/** What the gateway says when no provider answers. Agents pass it on, and it is known again by its words. */
export const OUTAGE_WORDS = {
  unreachable: 'The model provider could not be reached.',
  tooSlow: 'The model provider did not answer in time.',
  leftAlone: 'The model provider has failed too often and is left alone for a moment; try again later.',
} as const;

export function saysOutage(text: string): boolean {
  return Object.values(OUTAGE_WORDS).some((words) => text.includes(words));
}
