import { findOwners } from '../fleet/claims/find-owners.ts';
import { signCall } from '../internal/node-token.ts';
import type { InternalService } from '../internal/start-internal.ts';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { SignedChannels } from '../redis/signed-channels.ts';
import { Signer } from '../redis/signer.ts';
import type { SessionContext } from '../sessions/session-context.ts';
import { NodeHints } from '../streams/node-hints.ts';
import { FOLLOW_CHANNEL } from '../streams/remote/channels.ts';
import { Follower } from '../streams/remote/follower.ts';
import { OutgoingSignals } from '../streams/remote/outgoing-signals.ts';
import { RedisOutlet } from '../streams/remote/redis-outlet.ts';
import { SIGNALS_PATH, serveSignals } from '../streams/remote/serve-signals.ts';
import type { Node } from './open-node.ts';

/**
 * What nodes tell each other of sessions: hints, and what happens to sessions that somebody follows on another node
 * than their owner's.
 */
export function openStreams(
  node: Node,
  parts: {
    ctx: SessionContext;
    redis: SharedRedis | null;
    owns(sessionId: string): boolean;
    onWake(sessionId: string): void;
    onKeysChanged(): void;
  },
): { hints: NodeHints; service: InternalService } {
  const { database, registered, secret, fleet, metrics, log, closers } = node;
  const { pool } = database;
  const { ctx, redis, owns, onWake, onKeysChanged } = parts;
  const { streams } = ctx;
  const nodeId = registered.id;
  const channels = redis && new SignedChannels(redis, new Signer(secret));
  const others = () => fleet?.nodes.all().length ?? 0;

  const outgoing = new OutgoingSignals(streams, nodeId);
  closers.add('signals', async () => outgoing.close());
  const served = serveSignals({ outgoing, metrics });
  closers.add('signals to other nodes', async () => served.close());
  if (channels) openOutlet(channels);
  const follower = fleet && openFollower(fleet);
  const hints = new NodeHints({
    ...{ pool, nodeId, streams, others, channels, onWake, onKeysChanged, log },
    onChanged: (sessionId, from) => follower?.hinted(sessionId, from) ?? false,
  });
  closers.add('hints', () => hints.close());
  return { hints, service: { path: SIGNALS_PATH, serve: served.serve } };

  function openOutlet(channels: SignedChannels): void {
    const outlet = new RedisOutlet({ channels, outgoing, others, metrics });
    closers.add('signals in Redis', async () => outlet.close());
    const hear = () =>
      channels
        .subscribe([FOLLOW_CHANNEL], (text) => {
          const sessionIds: string[] = JSON.parse(text);
          outlet.followed(sessionIds, sessionIds.filter(owns));
        })
        .catch(() => {});
    if (channels.redis.healthy) void hear();
    channels.redis.onChange((healthy) => healthy && void hear());
  }

  function openFollower({ nodes }: NonNullable<Node['fleet']>): Follower {
    const follower = new Follower({
      ...{ streams, origin: outgoing.origin, owns, nodes, channels, metrics },
      findOwners: (sessionIds) => findOwners(pool, sessionIds),
      headersFor: (method, path) => signCall(secret, nodeId, { method, path, principal: null }),
    });
    const gone = (nodeId: string) => follower.gone(nodeId);
    nodes.on('gone', gone);
    closers.add('followed sessions', async () => {
      nodes.off('gone', gone);
      await follower.close();
    });
    metrics.watchFollowed(() => follower.counts());
    return follower;
  }
}
