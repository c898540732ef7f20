/** How agents are kept apart from each other and from the machine, the strongest first. */
export const ISOLATION_LEVELS = ['sandbox', 'user', 'process'] as const;
export type IsolationLevel = (typeof ISOLATION_LEVELS)[number];
