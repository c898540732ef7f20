import { expect, it } from 'vitest';
import { type StartDelay, StartGate, type Urgency } from './start-gate.ts';

function gateOf(facts: { limit: number; memory: boolean }) {
  const delayed: StartDelay[] = [];
  const gate = new StartGate({
    limit: () => facts.limit,
    hasMemory: () => facts.memory,
    onAdmitted: () => {},
    onDelayed: (_urgency, why) => delayed.push(why),
  });
  const order: string[] = [];
  const enter = (name: string, urgency: Urgency | (() => Urgency), signal = new AbortController().signal) => {
    const told: StartDelay[] = [];
    const entered = gate.enter({
      urgency: typeof urgency === 'function' ? urgency : () => urgency,
      signal,
      onWait: (why) => told.push(why),
    });
    entered.then(
      () => order.push(name),
      () => {},
    );
    return { entered, told };
  };
  return { gate, delayed, order, enter };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

it('lets so many start at once; what a message waits for goes first, then whoever came first', async () => {
  const { gate, delayed, order, enter } = gateOf({ limit: 1, memory: true });
  const leave = await enter('first', 'spare').entered;
  const { entered: spare } = enter('spare', 'spare');
  enter('planned', 'start');
  let urgency: Urgency = 'spare';
  enter('hurried', () => urgency);
  const { entered: message } = enter('message', 'message');
  urgency = 'message';
  expect(gate.queue).toEqual({ waiting: 4, for: 'concurrency' });
  expect(delayed).toEqual(['concurrency', 'concurrency', 'concurrency', 'concurrency']);
  leave();
  leave();
  await settled();
  expect(order).toEqual(['first', 'hurried']);
  expect(gate.running).toBe(1);
  const unwanted = new AbortController();
  const { entered: given } = enter('given up', 'message', unwanted.signal);
  unwanted.abort(new Error('stopped'));
  await expect(given).rejects.toThrow('stopped');
  void spare;
  void message;
  expect(gate.queue.waiting).toBe(3);
});

it('keeps half of the places from recoveries', async () => {
  const { gate, order, enter } = gateOf({ limit: 4, memory: true });
  const [first] = ['r1', 'r2', 'r3'].map((name) => enter(name, 'recovery'));
  enter('s1', 'start');
  enter('m1', 'message');
  await settled();
  expect(order).toEqual(['r1', 'r2', 's1', 'm1']);
  enter('m2', 'message');
  (await first?.entered)?.();
  await settled();
  expect(order.at(-1)).toBe('m2');
  expect(gate.queue).toEqual({ waiting: 1, for: 'concurrency' });
});

it('waits for memory, says so once, and goes on by itself when there is some', async () => {
  const facts = { limit: 8, memory: false };
  const { gate, order, enter } = gateOf(facts);
  const { entered, told } = enter('one', 'message');
  await settled();
  expect(order).toEqual([]);
  expect(told).toEqual(['memory']);
  expect(gate.queue).toEqual({ waiting: 1, for: 'memory' });
  facts.memory = true;
  (await entered)();
  expect(gate.queue).toEqual({ waiting: 0, for: null });
  expect(told).toEqual(['memory']);
});
