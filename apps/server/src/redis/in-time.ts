import { RedisTimeout } from './redis-away.ts';

/**
 * What Redis answers within so many milliseconds.
 * @throws RedisTimeout
 */
export function inTime<T>(ms: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      // A process that was busy itself finds the answer in its socket: that is read before this immediate runs.
      setImmediate(() => reject(new RedisTimeout(`no answer within ${ms} ms`)));
    }, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
