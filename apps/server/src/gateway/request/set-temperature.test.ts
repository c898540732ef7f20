import { expect, test } from 'vitest';
import { scanBody } from './scan-body.ts';
import { setTemperature } from './set-temperature.ts';

function set(text: string, temperature: number): string {
  const body = Buffer.from(text);
  const facts = scanBody(body);
  if (!facts) throw new Error('not a body');
  return setTemperature(body, facts, temperature).toString();
}

test('a temperature is put in or exchanged, and no other byte changes', () => {
  expect(set('{"model":"m", "id":12345678901234567890 }', 0.3)).toBe(
    '{"model":"m", "id":12345678901234567890 ,"temperature":0.3}',
  );
  expect(set('{"temperature": 1 ,"text":"äöü"}\n', 0)).toBe('{"temperature": 0 ,"text":"äöü"}\n');
  expect(set('{}', 1)).toBe('{"temperature":1}');
});

test('of a repeated temperature the one that counts is exchanged', () => {
  expect(JSON.parse(set('{"temperature":0.1,"temperature":0.2}', 0.7)).temperature).toBe(0.7);
});

test('a request that thinks keeps its own', () => {
  const thinks = '{"thinking":{"type":"enabled","budget_tokens":1024},"temperature":1}';
  expect(set(thinks, 0.3)).toBe(thinks);
  expect(JSON.parse(set('{"thinking":{"type":"disabled"}}', 0.3)).temperature).toBe(0.3);
});
