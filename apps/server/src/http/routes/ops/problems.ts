import { ProblemBody } from '@aaas/contract/operations-api';

/** Every route may answer so; the body says which error it is. */
export const problems = { '4xx': ProblemBody, '5xx': ProblemBody };
