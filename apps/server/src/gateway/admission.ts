import type { GatewayError } from './anthropic-error.ts';
import { MAX_BUFFERED_BODY_BYTES, MAX_OPEN_REQUESTS, MAX_OPEN_REQUESTS_PER_SESSION } from './limits.ts';

/** The place of one request. `release` gives it back, with the memory it reserved. */
export interface Place {
  /** Reserves memory for a body; false when the gateway has no more to give. */
  reserve(bytes: number): boolean;
  /** Counts the request for its workspace, once that is known; an error when it has its share (percent) already. */
  assign(workspaceId: string, share: number): GatewayError | null;
  release(): void;
}

export interface Admission {
  enter(sessionId: string): Place | GatewayError;
}

export interface AdmissionBounds {
  open: number;
  openPerSession: number;
  bufferedBytes: number;
}

const BOUNDS: AdmissionBounds = {
  open: MAX_OPEN_REQUESTS,
  openPerSession: MAX_OPEN_REQUESTS_PER_SESSION,
  bufferedBytes: MAX_BUFFERED_BODY_BYTES,
};

/** Counts what is being served, so that neither one session nor all of them can exhaust the process. */
export function createAdmission(bounds: AdmissionBounds = BOUNDS): Admission {
  const bySession = new Map<string, number>();
  const byWorkspace = new Map<string, number>();
  let open = 0;
  let buffered = 0;
  return {
    enter(sessionId) {
      const own = bySession.get(sessionId) ?? 0;
      if (own >= bounds.openPerSession) {
        return { status: 429, message: `This session has ${own} model requests open; wait until one ends.` };
      }
      if (open >= bounds.open) {
        return { status: 529, message: 'The model gateway serves as many requests as it can; try again later.' };
      }
      open++;
      bySession.set(sessionId, own + 1);
      let held = 0;
      let released = false;
      let assigned: string | null = null;
      return {
        reserve(bytes) {
          if (buffered + bytes > bounds.bufferedBytes) return false;
          buffered += bytes;
          held += bytes;
          return true;
        },
        assign(workspaceId, share) {
          const its = byWorkspace.get(workspaceId) ?? 0;
          if (its >= Math.ceil((bounds.open * share) / 100)) {
            return { status: 429, message: `This workspace has ${its} model requests open; wait until one ends.` };
          }
          byWorkspace.set(workspaceId, its + 1);
          assigned = workspaceId;
          return null;
        },
        release() {
          if (released) return;
          released = true;
          open--;
          buffered -= held;
          giveBack(bySession, sessionId);
          if (assigned !== null) giveBack(byWorkspace, assigned);
        },
      };
    },
  };
}

function giveBack(counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}
