import type { ErrorStatus } from '../http/api-error.ts';
import { LIMITS } from '../limits.ts';
import type { Step } from './step.ts';

type Fields = Record<string, unknown>;

const ERROR_STATUSES: readonly number[] = [429, 500, 529];

/** One reader per kind of step, named by the field that makes a step of that kind. A sentence says what is wrong. */
const READERS: Record<string, { also: readonly string[]; read: (fields: Fields) => Step | string }> = {
  text: {
    also: [],
    read: ({ text }) => (typeof text === 'string' ? { kind: 'text', text } : '"text" must be a string'),
  },
  thinking: {
    also: [],
    read: ({ thinking }) =>
      typeof thinking === 'string' ? { kind: 'thinking', thinking } : '"thinking" must be a string',
  },
  tool: { also: ['input', 'parallel'], read: readTool },
  wait_ms: {
    also: [],
    read: ({ wait_ms: ms }) =>
      isBetween(ms, 0, LIMITS.waitMs) ? { kind: 'wait', ms } : `"wait_ms" must be a number from 0 to ${LIMITS.waitMs}`,
  },
  tokens_per_second: {
    also: [],
    read: ({ tokens_per_second: rate }) =>
      isBetween(rate, 0.01, 1_000_000)
        ? { kind: 'pace', tokensPerSecond: rate }
        : '"tokens_per_second" must be a number from 0.01 to 1000000',
  },
  error: { also: ['times', 'retry_after', 'mid_stream'], read: readError },
  stall: { also: ['times'], read: (fields) => readPlainFault('stall', fields) },
  drop: { also: ['times'], read: (fields) => readPlainFault('drop', fields) },
};

export function parseStep(value: unknown): Step | string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'a step must be an object';
  const fields = value as Fields;
  const kinds = Object.keys(READERS).filter((kind) => Object.hasOwn(fields, kind));
  const [kind] = kinds;
  const reader = kind === undefined ? undefined : READERS[kind];
  if (kind === undefined || reader === undefined || kinds.length > 1) {
    return `a step must have exactly one of ${Object.keys(READERS).join(', ')}`;
  }
  const stranger = Object.keys(fields).find((field) => field !== kind && !reader.also.includes(field));
  return stranger === undefined ? reader.read(fields) : `"${stranger}" does not belong to a "${kind}" step`;
}

function readTool({ tool, input = {}, parallel = false }: Fields): Step | string {
  if (typeof tool !== 'string' || tool === '') return '"tool" must be the name of a tool';
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return '"input" must be an object';
  if (typeof parallel !== 'boolean') return '"parallel" must be true or false';
  return { kind: 'tool', tool, input, parallel };
}

function readError(fields: Fields): Step | string {
  const { error: status, retry_after: retryAfter, mid_stream: midStream = false } = fields;
  const times = readTimes(fields);
  if (typeof times === 'string') return times;
  if (!ERROR_STATUSES.includes(status as number)) return `"error" must be one of ${ERROR_STATUSES.join(', ')}`;
  if (typeof midStream !== 'boolean') return '"mid_stream" must be true or false';
  const step = { kind: 'error', status: status as ErrorStatus, midStream, times } as const;
  if (retryAfter === undefined) return step;
  return isBetween(retryAfter, 0, 86_400)
    ? { ...step, retryAfter }
    : '"retry_after" must be a number of seconds from 0 to 86400';
}

function readPlainFault(kind: 'stall' | 'drop', fields: Fields): Step | string {
  if (fields[kind] !== true) return `"${kind}" must be true`;
  const times = readTimes(fields);
  return typeof times === 'string' ? times : { kind, times };
}

function readTimes({ times = 1 }: Fields): number | string {
  return isBetween(times, 1, 1_000_000) && Number.isInteger(times)
    ? times
    : '"times" must be a whole number from 1 to 1000000';
}

function isBetween(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}
