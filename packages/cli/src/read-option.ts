import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';

// Each reads what an option was given, or says what it must be.

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 0 on.');
  return Number(text);
}

export function amount(text: string): number {
  if (!/^\d+(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It must be a number such as 12.50.');
  return Number(text);
}

/** `KEY=value`, repeated. */
export function pair(text: string, before: Record<string, string> = {}): Record<string, string> {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) throw new InvalidArgumentError('It must be like NAME=value.');
  return { ...before, [name]: value };
}

/** JSON, or the name of a file that holds it behind an @. */
export function jsonOrFile(text: string): Record<string, unknown> {
  const source = text.startsWith('@') ? readText(text.slice(1)) : text;
  try {
    const value = JSON.parse(source);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Said below.
  }
  throw new InvalidArgumentError('It must be a JSON object, or @ and the name of a file that holds one.');
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(`Cannot read it: ${(error as Error).message}.`);
  }
}

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** `90`, `30s`, `15m`, `12h` or `7d`, in seconds. */
export function seconds(text: string): number {
  const [, value, unit = 's'] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  if (value === undefined) throw new InvalidArgumentError('It must be a time such as 30s, 15m, 12h or 7d.');
  return Number(value) * UNITS[(unit || 's') as keyof typeof UNITS];
}
