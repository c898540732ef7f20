import { Counter, Gauge, type Registry } from 'prom-client';
import type { RedisFailure } from '../redis/redis-away.ts';

export interface RedisMetrics {
  /** Redis went away; `kind`: what it was noticed by. */
  redisFailed(kind: RedisFailure): void;
  /** There is a Redis to be watched. */
  watchRedis(healthy: () => boolean): void;
  /** There are sessions of other nodes that somebody follows here. */
  watchFollowed(count: () => Record<'redis' | 'node' | 'log', number>): void;
  /** Signals of streams went to other nodes, or came from there. */
  signalsPassed(direction: 'sent' | 'received', via: 'redis' | 'node', count: number): void;
}

/** Of Redis, and of streams of sessions that other nodes own. */
export function createRedisMetrics(registry: Registry): RedisMetrics {
  const registers = [registry];
  const failures = new Counter({
    name: 'aaas_redis_failures_total',
    help: 'How often Redis went away for this node, by what it was noticed by: a command that got no answer in time or was refused (reply), or the connection.',
    labelNames: ['kind'],
    registers,
  });
  const signals = new Counter({
    name: 'aaas_stream_signals_total',
    help: 'Events and pieces of text that went to other nodes for those who follow a session there, or came from other nodes, by their way.',
    labelNames: ['direction', 'via'],
    registers,
  });
  for (const kind of ['timeout', 'connection', 'reply']) failures.inc({ kind }, 0);
  for (const direction of ['sent', 'received']) for (const via of ['redis', 'node']) signals.inc({ direction, via }, 0);
  return {
    redisFailed: (kind) => failures.inc({ kind }),
    watchRedis: (healthy) => {
      new Gauge({
        name: 'aaas_redis_up',
        help: '1 while this node uses Redis, 0 while it does without; absent without REDIS_URL.',
        registers,
        collect() {
          this.set(healthy() ? 1 : 0);
        },
      });
    },
    watchFollowed: (count) => {
      new Gauge({
        name: 'aaas_followed_sessions',
        help: 'Sessions of other nodes that somebody follows on this node, by how their signals come: redis, node (from its owner), log (neither: once a second).',
        labelNames: ['via'],
        registers,
        collect() {
          for (const [via, sessions] of Object.entries(count())) this.set({ via }, sessions);
        },
      });
    },
    signalsPassed: (direction, via, count) => signals.inc({ direction, via }, count),
  };
}
