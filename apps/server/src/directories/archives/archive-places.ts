import { ApiError } from '@aaas/contract/errors';

const AT_ONCE = 4;
/** Of one workspace: whoever sends slowly, or has much, must not keep the others out. */
const AT_ONCE_OF_ONE = 2;

/** How many archives this node works on at once. `what` says so, with # for their number: `packs # archives`. */
export class ArchivePlaces {
  readonly #what: string;
  /** The workspaces of those that are under way. */
  readonly #taken: string[] = [];

  constructor(what: string) {
    this.#what = what;
  }

  /** A place until it is disposed of. @throws rate_limited when the workspace has as many as it may, unavailable when the node has */
  take(workspaceId: string): Disposable {
    const own = this.#taken.filter((taken) => taken === workspaceId).length;
    if (own >= AT_ONCE_OF_ONE) throw this.#full('rate_limited', own, ' of this workspace');
    if (this.#taken.length >= AT_ONCE) throw this.#full('unavailable', AT_ONCE, '');
    this.#taken.push(workspaceId);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#taken.splice(this.#taken.indexOf(workspaceId), 1);
        held = false;
      },
    };
  }

  #full(code: 'rate_limited' | 'unavailable', count: number, whose: string): ApiError {
    const what = this.#what.replace('#', String(count));
    return new ApiError(code, `This node ${what}${whose} already. Try again in a moment.`, {
      retryAfterSeconds: 5,
    });
  }
}
