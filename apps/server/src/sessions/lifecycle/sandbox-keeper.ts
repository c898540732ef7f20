import { setTimeout as sleep } from 'node:timers/promises';
import type { StatusReason } from '@aaas/contract/lifecycle';
import type { StartReport } from '@aaas/contract/starts';
import type { Harness, HarnessSession, InterruptedTurn, TurnSink } from '../../harness/harness.ts';
import { type OnStep, StartClock } from '../../harness/start/start-clock.ts';
import { classifyExit } from '../../sandboxes/health/classify-exit.ts';
import { describeExit, type ExitInfo } from '../../sandboxes/spawn/spawn-sandbox.ts';
import type { StartDelay, Urgency } from '../../sandboxes/spawn/start-gate.ts';
import { StartRefused } from '../../sandboxes/start-refused.ts';
import type { OwnedSession } from '../session-context.ts';
import type { SessionRow } from './load-session.ts';
import type { PlaceDirectory } from './place-directory.ts';
import type { SandboxCare } from './sandbox-care.ts';

// A process whose channel broke may live.
const EXIT_FOLLOWS_MS = 2_000;

export interface KeeperOptions {
  harness: Harness;
  /** Who waits for the start, at the moment of asking. */
  urgency(): Exclude<Urgency, 'recovery' | 'spare'>;
  /** The start has to wait. */
  onQueued(why: StartDelay): Promise<void>;
  owned: OwnedSession;
  care: SandboxCare;
  sink: TurnSink;
  /** How long it may take to answer its first probe, at the moment of asking. */
  startMs(): number;
  /** Runs a job in the owner's loop. */
  post(job: () => Promise<void>): void;
  onSpawned(pid: number | null): Promise<void>;
  onReady(start: StartReport): Promise<void>;
  onStep: OnStep;
  placeDirectory: PlaceDirectory | undefined;
}

/** Keeps the one process of a session: starts it, notices its death, ends it. */
export class SandboxKeeper {
  state: 'none' | 'starting' | 'live' | 'sick' | 'lost' = 'none';
  lostReason: StatusReason = 'process_exited';
  lostDetail: string | null = null;
  #cause: string | null = null;
  /** It ended by itself with exit code 0. */
  endedCleanly = false;
  /** Of a process that was lost before it was ready. */
  lostStart: StartReport | null = null;
  /** The turn that the process was started to go on with. */
  interrupted: InterruptedTurn | null = null;
  readonly #options: KeeperOptions;
  #session: HarnessSession | null = null;
  /** Tells a start from the one before it, whose news no longer count. */
  #attempt = 0;
  #starting = new AbortController();
  #endWatch = () => {};
  #clock = new StartClock();

  constructor(options: KeeperOptions) {
    this.#options = options;
  }

  get session(): HarnessSession {
    if (!this.#session) throw new Error('failed to reach the process of the session: there is none');
    return this.#session;
  }

  start(row: SessionRow, interrupted: InterruptedTurn | null, kind: 'wanted' | 'recovery'): void {
    this.state = 'starting';
    this.interrupted = interrupted;
    this.endedCleanly = false;
    this.#starting = new AbortController();
    this.#clock = new StartClock(this.#options.onStep);
    const attempt = ++this.#attempt;
    const news = (job: () => Promise<void>) =>
      this.#options.post(async () => {
        if (attempt === this.#attempt) await job();
      });
    this.#open(row, interrupted, kind, attempt, news).catch((error: Error) => {
      const reason = error instanceof StartRefused ? 'start_refused' : 'start_failed';
      news(() => this.lose(reason, `${error.message}\n${this.#session?.lastOutput() ?? ''}`.trim()));
    });
  }

  async #open(
    row: SessionRow,
    interrupted: InterruptedTurn | null,
    kind: 'wanted' | 'recovery',
    attempt: number,
    news: (job: () => Promise<void>) => void,
  ): Promise<void> {
    const { harness, owned, sink, care } = this.#options;
    const clock = this.#clock;
    const { signal } = this.#starting;
    const urgency = () => (kind === 'recovery' ? kind : this.#options.urgency());
    const onWait = (why: StartDelay) => news(() => this.#options.onQueued(why));
    // Before it takes a place among those that start: a directory that has to be fetched would keep others waiting.
    const onBegin = () => clock.enter('directory');
    await this.#options.placeDirectory?.(row, owned.generation, { signal, onBegin });
    clock.enter('queue');
    const leave = await care.starts.enter({ urgency, signal, onWait });
    try {
      const { generation } = owned;
      const session = await harness.open({ session: row, generation, interrupted, sink, clock, signal });
      if (attempt !== this.#attempt) return await session.kill();
      await this.#bringUp(session, clock, news);
    } finally {
      leave();
    }
  }

  async #bringUp(session: HarnessSession, clock: StartClock, news: (job: () => Promise<void>) => void): Promise<void> {
    this.#session = session;
    const exited = session.exited.then((exit) => {
      news(() => this.#loseExited(session, exit));
      throw new Error(describeExit(exit));
    });
    exited.catch(() => {});
    void session.failed.then(({ reason, detail }) =>
      news(() => this.lose(reason, `${detail}\n${session.lastOutput()}`.trim())),
    );
    const startMs = this.#options.startMs();
    const late = sleep(startMs, undefined, { ref: false }).then(() => {
      throw new Error(`the process did not answer within ${startMs / 1000} s`);
    });
    await Promise.race([session.located, exited, late]);
    news(() => this.#options.onSpawned(session.pid));
    clock.enter('handshake');
    // Its channel breaks before it is known how it ended, and whether for a limit: that is what is told.
    const probed = session.probe().catch(async (error: Error) => {
      await Promise.race([exited, sleep(EXIT_FOLLOWS_MS, undefined, { ref: false })]);
      throw error;
    });
    await Promise.race([probed, exited, late]);
    const start = clock.ready();
    news(async () => {
      if (this.state !== 'starting') return;
      this.state = 'live';
      this.#watchHealth(session, news);
      await this.#options.onReady(start);
    });
  }

  #watchHealth(session: HarnessSession, news: (job: () => Promise<void>) => void): void {
    const { care, owned } = this.#options;
    this.#endWatch = care.health.watch({
      sessionId: owned.sessionId,
      tree: session.tree,
      pid: session.pid,
      ping: () => session.ping(),
      progress: () => session.progress(),
      onUnhealthy: ({ reason, detail }) =>
        news(async () => {
          if (this.state !== 'live') return;
          this.state = 'sick';
          this.lostReason = reason;
          this.lostDetail = detail;
        }),
    });
  }

  /** The limit for which the last process was ended, in words for the model; told once. */
  takeCause(): string | null {
    const cause = this.#cause;
    this.#cause = null;
    return cause;
  }

  async #loseExited(session: HarnessSession, exit: ExitInfo): Promise<void> {
    this.#cause = exit.breach?.event.message ?? null;
    const output = session.lastOutput();
    const { reason, how } = classifyExit(exit, output, () => this.#options.care.health.oom.explains());
    this.endedCleanly = exit.code === 0;
    const untold = this.state === 'starting' && reason === 'process_exited';
    await this.lose(untold ? 'start_failed' : reason, `${how}\n${output}`.trim());
  }

  /** The process is gone, or as good as gone: its tree is ended and the owner told. */
  async lose(reason: StatusReason, detail: string): Promise<void> {
    if (this.state === 'none' || this.state === 'lost') return;
    this.#endWatch();
    this.lostStart = this.state === 'starting' ? this.#clock.failed(detail) : null;
    this.state = 'lost';
    this.lostReason = reason;
    this.lostDetail = detail.slice(-2_000);
    await this.#session?.kill();
    this.#options.post(async () => {});
  }

  /** Ends the process gently. */
  async close(): Promise<void> {
    await this.#end((session) => session.close());
  }

  /** Ends the process and its whole tree at once. */
  async kill(): Promise<void> {
    await this.#end((session) => session.kill());
  }

  async #end(how: (session: HarnessSession) => Promise<void>): Promise<void> {
    this.#attempt++;
    this.#starting.abort();
    this.#endWatch();
    const session = this.#session;
    this.#session = null;
    this.state = 'none';
    this.interrupted = null;
    if (session) await how(session);
  }
}
