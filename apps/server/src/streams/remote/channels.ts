/** Where nodes say which sessions they begin to follow: a JSON array of ids. */
export const FOLLOW_CHANNEL = 'follow';

/** Where the signals of a session go. */
export function channelOf(sessionId: string): string {
  return `session:${sessionId}`;
}
