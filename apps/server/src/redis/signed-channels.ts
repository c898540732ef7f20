import type { SharedRedis } from './shared-redis.ts';
import type { Signer } from './signer.ts';

const PURPOSE = 'messages';

/**
 * Channels of the platform in Redis. Each message is signed together with its channel: who can publish there, and is no
 * node, is heard by nobody.
 */
export class SignedChannels {
  readonly redis: SharedRedis;
  readonly #signer: Signer;

  constructor(redis: SharedRedis, signer: Signer) {
    this.redis = redis;
    this.#signer = signer;
  }

  /** @returns to how many each message went, in their order. @throws RedisAway */
  async publish(messages: { channel: string; text: string }[]): Promise<number[]> {
    return this.redis.run(async (commands) => {
      const pipeline = commands.pipeline();
      for (const { channel, text } of messages) {
        const name = this.#nameOf(channel);
        pipeline.publish(name, `${this.#signer.sign(`${name}\n${text}`, PURPOSE)} ${text}`);
      }
      const answers = (await pipeline.exec()) ?? [];
      return answers.map(([error, receivers]) => {
        if (error) throw error;
        return receivers as number;
      });
    });
  }

  /** @throws RedisAway */
  async subscribe(channels: string[], listener: (text: string, channel: string) => void): Promise<void> {
    const names = new Map(channels.map((channel) => [this.#nameOf(channel), channel]));
    await this.redis.subscribe([...names.keys()], (message, name) => {
      const space = message.indexOf(' ');
      const text = message.slice(space + 1);
      if (this.#signer.isSigned(`${name}\n${text}`, PURPOSE, message.slice(0, Math.max(space, 0))))
        listener(text, names.get(name) as string);
    });
  }

  async unsubscribe(channels: string[]): Promise<void> {
    await this.redis.unsubscribe(channels.map((channel) => this.#nameOf(channel)));
  }

  #nameOf(channel: string): string {
    return `${this.redis.prefix}${channel}`;
  }
}
