import { randomBytes } from 'node:crypto';
import type { LiveDelta, LoggedEvent } from '@aaas/contract/events';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import type { KnownNode } from '../../fleet/nodes/known-nodes.ts';
import { signCall } from '../../internal/node-token.ts';
import { type InternalListener, startInternal } from '../../internal/start-internal.ts';
import { createMetrics } from '../../telemetry/metrics.ts';
import { StreamHub, type StreamSignal } from '../stream-hub.ts';
import { Follower } from './follower.ts';
import { OutgoingSignals } from './outgoing-signals.ts';
import { SIGNALS_PATH, serveSignals } from './serve-signals.ts';

const log = pino({ level: 'silent' });
const secret = randomBytes(32);
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A node that owns sessions: what it publishes, and where it listens. */
async function startOwner(nodeId: string) {
  const streams = new StreamHub();
  const metrics = createMetrics();
  const outgoing = new OutgoingSignals(streams, nodeId);
  const signals = serveSignals({ outgoing, metrics });
  const listen = (port: number) =>
    startInternal({
      ...{ host: '127.0.0.1', port, secret, log },
      services: [{ path: SIGNALS_PATH, serve: signals.serve }],
    });
  let listener: InternalListener = await listen(0);
  const url = new URL(listener.url);
  const owner = {
    streams,
    outgoing,
    node: { id: nodeId, roles: ['worker'], address: url.origin } as unknown as KnownNode,
    stop: () => listener.close(),
    restart: async () => {
      listener = await listen(Number(url.port));
    },
    sent: async () => (await metrics.registry.getSingleMetricAsString('aaas_stream_signals_total')) ?? '',
  };
  closers.push(async () => {
    signals.close();
    await owner.stop();
  });
  return owner;
}

/** A node on which somebody follows `sesn_x`; `owners` may be changed under it. */
function startFollower(nodes: KnownNode[], owners: Map<string, string>) {
  const streams = new StreamHub();
  const heard: StreamSignal[] = [];
  const follower = new Follower({
    streams,
    origin: 'node_here.1',
    owns: () => false,
    findOwners: async () => owners,
    nodes: { all: () => nodes, get: (id) => nodes.find((node) => node.id === id) },
    headersFor: (method, path) => signCall(secret, 'node_here', { method, path, principal: null }),
    channels: null,
    metrics: createMetrics(),
  });
  closers.push(() => follower.close());
  const unsubscribe = streams.subscribe('sesn_x', (signal) => heard.push(signal));
  const text = () =>
    heard
      .map((signal) =>
        signal.kind === 'delta' && signal.delta.type === 'event_delta' ? signal.delta.delta.content.text : '',
      )
      .join('');
  const seqs = () => heard.flatMap((signal) => (signal.kind === 'events' ? signal.events.map(({ seq }) => seq) : []));
  return { follower, streams, heard, text, seqs, unsubscribe };
}

const event = (seq: number, id = `sevt_${seq}`): LoggedEvent => ({
  ...{ seq, id, type: 'agent.message', turnId: 'turn_1', payload: '{"a":"b"}' },
  at: new Date('2030-01-01T00:00:00Z'),
});
const piece = (text: string, id = 'sevt_m'): LiveDelta => ({
  type: 'event_delta',
  event_id: id,
  delta: { type: 'content_delta', index: 0, content: { type: 'text', text } },
});

it('brings what an owner publishes of a session to those who follow it elsewhere, and nothing of others', async () => {
  const owner = await startOwner('node_a');
  const here = startFollower([owner.node], new Map([['sesn_x', 'node_a']]));
  await expect.poll(() => here.follower.counts().node).toBe(1);
  expect(here.heard).toEqual([{ kind: 'changed' }]);
  owner.streams.publishEvents('sesn_x', [event(1)]);
  owner.streams.publishDelta('sesn_y', 'turn_2', piece('not for you'));
  owner.streams.publishDelta('sesn_x', 'turn_1', piece('some text'));
  owner.streams.publishAccepted('sesn_x', 'user.message', '{}');
  const turn = { id: 'turn_1', sessionId: 'sesn_x', acceptedAt: new Date(1), startedAt: new Date(2), endedAt: null };
  owner.streams.publishTurnEnded(turn as never);
  owner.streams.publishDeleted('sesn_x');
  await expect.poll(() => here.heard.length).toBe(6);
  expect(here.heard.slice(1)).toEqual([
    { kind: 'events', events: [event(1)] },
    { kind: 'delta', turnId: 'turn_1', delta: piece('some text') },
    { kind: 'accepted', type: 'user.message', payload: '{}' },
    { kind: 'turn_ended', turn },
    { kind: 'deleted' },
  ]);
  expect(here.follower.hinted('sesn_x', 'node_a')).toBe(true);
  expect(here.follower.hinted('sesn_x', 'node_b')).toBe(false);
  expect(await owner.sent()).toContain('{direction="sent",via="node"} 5');
});

it('loses no text when the connection is cut, and repeats none', async () => {
  const owner = await startOwner('node_a');
  const here = startFollower([owner.node], new Map([['sesn_x', 'node_a']]));
  await expect.poll(() => here.follower.counts().node).toBe(1);
  let expected = '';
  const write = (from: number, to: number) => {
    for (let n = from; n < to; n++) {
      owner.streams.publishDelta('sesn_x', 'turn_1', piece(`${n} `));
      expected += `${n} `;
    }
  };
  write(0, 100);
  await expect.poll(here.text).toBe(expected);
  await owner.stop();
  write(100, 200);
  await owner.restart();
  await expect.poll(here.text, { timeout: 5_000 }).toBe(expected);
  write(200, 300);
  await expect.poll(here.text).toBe(expected);
  // What is in the log whole is not told again as text.
  await owner.stop();
  owner.streams.publishDelta('sesn_x', 'turn_1', piece('late'));
  owner.streams.publishEvents('sesn_x', [event(7, 'sevt_m')]);
  await owner.restart();
  const changes = here.heard.filter(({ kind }) => kind === 'changed').length;
  await expect
    .poll(() => here.heard.filter(({ kind }) => kind === 'changed').length, { timeout: 5_000 })
    .toBe(changes + 1);
  owner.streams.publishDelta('sesn_x', 'turn_1', piece('next', 'sevt_n'));
  await expect.poll(here.text).toBe(`${expected}next`);
});

it('goes on at the next owner, at a hint of it or when the first is gone', async () => {
  const [first, second] = [await startOwner('node_a'), await startOwner('node_b')];
  const owners = new Map([['sesn_x', 'node_a']]);
  const here = startFollower([first.node, second.node], owners);
  await expect.poll(() => here.follower.counts().node).toBe(1);
  first.streams.publishEvents('sesn_x', [event(1)]);
  await expect.poll(here.seqs).toEqual([1]);
  owners.set('sesn_x', 'node_b');
  await expect.poll(() => here.follower.hinted('sesn_x', 'node_b')).toBe(true);
  first.streams.publishDelta('sesn_x', 'turn_1', piece('of the old owner'));
  second.streams.publishEvents('sesn_x', [event(2)]);
  await expect.poll(here.seqs).toEqual([1, 2]);
  expect(here.text()).toBe('');
  owners.set('sesn_x', 'node_a');
  await second.stop();
  here.follower.gone('node_b');
  await expect.poll(() => here.follower.counts().node).toBe(1);
  first.streams.publishEvents('sesn_x', [event(3)]);
  await expect.poll(here.seqs).toEqual([1, 2, 3]);
});

it('costs nothing when nobody follows any more', async () => {
  const owner = await startOwner('node_a');
  const here = startFollower([owner.node], new Map([['sesn_x', 'node_a']]));
  await expect.poll(() => here.follower.counts().node).toBe(1);
  here.unsubscribe();
  await expect.poll(() => here.follower.counts(), { timeout: 10_000 }).toEqual({ redis: 0, node: 0, log: 0 });
  await expect
    .poll(async () => {
      const before = await owner.sent();
      owner.streams.publishDelta('sesn_x', 'turn_1', piece('x'));
      await new Promise((resolve) => setTimeout(resolve, 40));
      return (await owner.sent()) === before;
    })
    .toBe(true);
});
