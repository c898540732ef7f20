import { type Block, blocksOf, type Message } from '../request/message-request.ts';
import { isSameTool } from './match-tool.ts';
import type { Step } from './step.ts';

const CALL_AGAIN = 'Make exactly the same call again';

/** How far a script has come, as the conversation itself tells. */
export interface Progress {
  /** Index of the first step of the response that is asked for. */
  readonly position: number;
  /** Text of that response which the conversation holds already: an earlier stream was cut behind it. */
  readonly delivered: string;
  /** Steps whose call is to be made once more, before the script goes on. */
  readonly repeats: readonly number[];
}

/**
 * Reads the progress from the scripted message and those behind it. No memory is involved, so a script goes on after a
 * restart of the simulator, of the harness, or of the machine.
 */
export function readProgress(steps: readonly Step[], messages: readonly Message[]): Progress {
  let position = 0;
  let delivered = '';
  const repeats: number[] = [];
  const stepOf = new Map<string, number>();
  const called = new Set<string>();
  for (const message of messages) {
    for (const block of blocksOf(message.content)) {
      if (block.type === 'tool_use' && message.role === 'assistant') {
        const name = block.name ?? '';
        const repeated = repeats.findIndex((index) => isCallOf(steps[index], name));
        const [step] = repeated >= 0 ? repeats.splice(repeated, 1) : [];
        if (step === undefined) position = behindCall(steps, position, name);
        stepOf.set(block.id ?? '', step ?? position - 1);
        called.add(`${name} ${JSON.stringify(block.input)}`);
        delivered = '';
      } else if (block.type === 'tool_result') {
        const step = stepOf.get(block.tool_use_id ?? '');
        if (step !== undefined && asksForRepetition(block)) repeats.push(step);
        delivered = '';
      } else if (block.type === 'text' && message.role === 'assistant') {
        delivered += block.text ?? '';
      } else if (block.type === 'text') {
        for (const [call, name = ''] of notedCalls(block.text ?? '')) {
          if (!called.has(call)) position = behindCall(steps, position, name);
          called.add(call);
        }
      }
    }
  }
  return { position, delivered, repeats: repeats.toSorted((a, b) => a - b) };
}

/** A model that is told of a call which its conversation has lost does not make it again: `- Bash {…}` in a note. */
function notedCalls(text: string): (readonly [call: string, name: string | undefined])[] {
  if (!text.includes('<platform-note>')) return [];
  const lines = [...text.matchAll(/^- ((\S+) \{.*)$/gm)].filter(([line]) => !line.includes(CALL_AGAIN));
  return lines.map(([, call = '', name]) => [call, name] as const);
}

/** A model that is told to make a call again makes it again: the platform says so when a person has approved it. */
function asksForRepetition(result: Block): boolean {
  return blocksOf(result.content).some((block) => block.text?.includes(CALL_AGAIN) === true);
}

function isCallOf(step: Step | undefined, name: string): boolean {
  return step?.kind === 'tool' && isSameTool(step.tool, name);
}

/** A call belongs to the next step with its tool; steps before it were skipped because their tool was not offered. */
function behindCall(steps: readonly Step[], from: number, name: string): number {
  const matches = (step: Step, index: number) => index >= from && step.kind === 'tool' && isSameTool(step.tool, name);
  const match = steps.findIndex(matches);
  if (match >= 0) return match + 1;
  // A harness that renames tools must not make the script call the same tool for ever: any call uses up a step.
  const next = steps.findIndex((step, index) => index >= from && step.kind === 'tool');
  return next < 0 ? steps.length : next + 1;
}
