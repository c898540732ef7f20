import { LIMITS } from '../limits.ts';
import { parseStep } from './parse-step.ts';
import type { Step } from './step.ts';

export type ParsedScript = { readonly steps: readonly Step[] } | { readonly problem: string };

/** A script, or one sentence about what is wrong with it: the reply shows the sentence, no request fails for it. */
export function parseScript(json: string): ParsedScript {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    return { problem: `it is not valid JSON: ${(error as Error).message}` };
  }
  if (!Array.isArray(parsed)) return { problem: 'it must be a JSON array of steps' };
  if (parsed.length > LIMITS.scriptSteps) return { problem: `it has more than ${LIMITS.scriptSteps} steps` };
  const steps: Step[] = [];
  for (const [index, value] of parsed.entries()) {
    const step = parseStep(value);
    if (typeof step === 'string') return { problem: `step ${index + 1} (${shown(value)}): ${step}` };
    steps.push(step);
  }
  return { steps };
}

function shown(value: unknown): string {
  const json = JSON.stringify(value);
  return json.length > 80 ? `${json.slice(0, 80)}…` : json;
}
