import type { BodyFacts } from './scan-body.ts';

/**
 * The body with this temperature. Bytes are put in or exchanged where they belong and nothing else is touched.
 * A request that thinks is returned as it is: thinking and a temperature exclude each other.
 */
export function setTemperature(body: Buffer, facts: BodyFacts, temperature: number): Buffer {
  if (facts.thinks) return body;
  const value = JSON.stringify(temperature);
  if (facts.temperature) {
    const { from, to } = facts.temperature;
    return Buffer.concat([body.subarray(0, from), Buffer.from(value), body.subarray(to)]);
  }
  const member = `${facts.empty ? '' : ','}"temperature":${value}`;
  return Buffer.concat([body.subarray(0, facts.end), Buffer.from(member), body.subarray(facts.end)]);
}
