import { z } from 'zod';

/**
 * Says what is wrong with a request where zod's own words name a type and no remedy. A schema's own message goes
 * before these.
 */
export function speakPlainly(): void {
  z.config({ customError: plainWords });
}

function plainWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message;
  if (issue.code === 'invalid_format' && issue.format === 'datetime')
    return 'must be a time such as 2026-01-31T12:00:00Z';
  if (issue.code !== 'invalid_type') return undefined;
  if (issue.input === undefined) return 'is missing';
  return issue.expected === 'number' && Number.isNaN(issue.input) ? 'must be a number' : undefined;
}
