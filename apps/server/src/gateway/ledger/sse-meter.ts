import { MAX_EVENT_BYTES } from '../limits.ts';
import { UsageTally } from './usage.ts';

/** What to do with the bytes of a chunk. `pass` at once; `last`, when it is there, after the ledger row is written. */
export interface Metered {
  pass: Buffer;
  /** The event that ends the message, and all that came with it. */
  last: Buffer | null;
}

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const NOTHING = Buffer.alloc(0);
const EVENT = Buffer.from('event:');
const DATA = Buffer.from('data:');
const DELTA = 'content_block_delta';
// What surrounds the text of a delta, at most, and how long a token of text is: rather too few tokens than too many.
const DELTA_FRAME_BYTES = 135;
const BYTES_PER_TOKEN = 4;
const TYPE_IN_DATA = /^\s*\{\s*"type"\s*:\s*"([a-z_]+)"/;
const TYPE_WINDOW = 128;

const READ: ReadonlySet<string> = new Set(['message_start', 'message_delta', 'message_stop', 'error']);
const LAST: ReadonlySet<string> = new Set(['message_stop', 'error']);

/**
 * Reads the usage of a message from its stream of events as the bytes pass. Content is never decoded, let alone
 * parsed: of its events only the line ends are looked for. Works on bytes, so a chunk may end anywhere, within a
 * character or between CR and LF too.
 */
export class SseMeter {
  readonly #tally = new UsageTally();
  /** The model that answered, once it is known. */
  model: string | null = null;
  /** Set only when the message reached its end. */
  stopReason: string | null = null;
  /** How the message ended: in `message_stop`, in an `error` event, or not yet. */
  ending: 'message_stop' | 'error' | null = null;

  #deltaStopReason: string | null = null;
  #bytes = 0;
  #deltas = 0;
  #firstDeltaAt = 0;
  #isCounted = false;
  #event: string | null = null;
  #data: Buffer[] = [];
  #dataBytes = 0;
  #line: Buffer[] = [];
  #lineBytes = 0;
  #skipLine = false;
  #swallowLf = false;
  #held: Buffer[] = [];
  #heldBytes = 0;

  get usage() {
    return this.#tally.usage;
  }

  /**
   * Tokens of output that have passed, by their length: the count itself comes behind the text, and whoever leaves in
   * between has had the text. 0 once the count has come.
   */
  get passedTokens(): number {
    if (this.#isCounted || this.#deltas === 0) return 0;
    const text = this.#bytes - this.#firstDeltaAt - this.#deltas * DELTA_FRAME_BYTES;
    return Math.max(this.#deltas, Math.ceil(text / BYTES_PER_TOKEN));
  }

  /** After the ending everything passes. */
  push(chunk: Buffer): Metered {
    if (this.ending) return { pass: chunk, last: null };
    let holdFrom = this.#holding ? 0 : -1;
    const before = this.#bytes;
    this.#bytes += chunk.length;
    let from = 0;
    if (this.#swallowLf && chunk.length > 0) {
      this.#swallowLf = false;
      if (chunk[0] === LF) from = 1;
    }
    const hasCr = chunk.indexOf(CR) >= 0;
    while (from < chunk.length) {
      const end = lineEnd(chunk, from, hasCr);
      if (end < 0) break;
      const whole = this.#takeLine(chunk, from, end);
      let next = end + 1;
      if (chunk[end] === CR) {
        if (chunk[next] === LF) next++;
        else if (next === chunk.length) this.#swallowLf = true;
      }
      if (whole !== null) this.#readLine(whole);
      if (this.#deltas === 0) this.#firstDeltaAt = before + from;
      if (this.ending) return this.#release(chunk, holdFrom < 0 ? from : holdFrom);
      if (holdFrom < 0 && this.#holding) holdFrom = from;
      from = next;
    }
    this.#keepRest(chunk, from);
    if (holdFrom < 0) return { pass: chunk, last: null };
    return this.#hold(chunk, holdFrom);
  }

  /** The stream ended. Bytes of a last event that lacks only its blank line are handed out, others are dropped. */
  finish(): Buffer | null {
    if (this.ending || !this.#holding || this.#dataBytes === 0) return null;
    this.#dispatch();
    return this.ending ? Buffer.concat(this.#held) : null;
  }

  get #holding(): boolean {
    return this.#event !== null && LAST.has(this.#event);
  }

  /** The line without its end, or null when nobody needs it. The usual line is not even cut out of the chunk. */
  #takeLine(chunk: Buffer, from: number, end: number): Buffer | null {
    if (this.#skipLine) {
      this.#skipLine = false;
      return null;
    }
    if (this.#lineBytes === 0) return this.#wants(chunk, from, end) ? chunk.subarray(from, end) : null;
    this.#line.push(chunk.subarray(from, end));
    const line = Buffer.concat(this.#line);
    this.#line = [];
    this.#lineBytes = 0;
    return line;
  }

  /** Keeps the start of a line whose end has not come, when it may matter. */
  #keepRest(chunk: Buffer, from: number): void {
    if (from >= chunk.length || this.#skipLine) return;
    if (this.#lineBytes === 0 && chunk.length - from >= DATA.length && !this.#wants(chunk, from, chunk.length)) {
      this.#skipLine = true;
      return;
    }
    this.#lineBytes += chunk.length - from;
    if (this.#lineBytes > MAX_EVENT_BYTES) {
      this.#line = [];
      this.#lineBytes = 0;
      this.#skipLine = true;
    } else this.#line.push(chunk.subarray(from));
  }

  /** All lines but the data of an event that is known not to matter. */
  #wants(chunk: Buffer, from: number, end: number): boolean {
    return this.#event === null || READ.has(this.#event) || from === end || !startsWith(chunk, from, end, DATA);
  }

  #readLine(line: Buffer): void {
    if (line.length === 0) this.#dispatch();
    else if (startsWith(line, 0, line.length, EVENT)) {
      // Once bytes are held back for an event it stays the last: a second name must not set them free half-way.
      if (!this.#holding) this.#event = line.toString('latin1', valueAt(line, EVENT.length));
    } else if (startsWith(line, 0, line.length, DATA)) this.#readData(line.subarray(valueAt(line, DATA.length)));
  }

  #readData(value: Buffer): void {
    // Events may come without a name; their data begins with it.
    this.#event ??= TYPE_IN_DATA.exec(value.toString('latin1', 0, TYPE_WINDOW))?.[1] ?? '';
    if (!READ.has(this.#event) || this.#dataBytes + value.length > MAX_EVENT_BYTES) return;
    this.#data.push(value);
    this.#dataBytes += value.length;
  }

  /** A blank line: the event is complete. */
  #dispatch(): void {
    const event = this.#event;
    const data = this.#data;
    this.#event = null;
    if (event === DELTA) this.#deltas++;
    if (event === null || !READ.has(event)) return;
    this.#data = [];
    this.#dataBytes = 0;
    if (event === 'message_stop') {
      this.stopReason = this.#deltaStopReason;
      this.ending = 'message_stop';
    } else if (event === 'error') this.ending = 'error';
    else this.#readEvent(data);
  }

  #readEvent(data: Buffer[]): void {
    let event: MessageEvent;
    try {
      event = JSON.parse(Buffer.concat(data).toString('utf8')) as MessageEvent;
    } catch {
      return; // Not for us to judge: the client reads the same bytes.
    }
    this.#tally.add(event?.message?.usage);
    this.#tally.add(event?.usage);
    if (event?.usage) this.#isCounted = true;
    if (typeof event?.message?.model === 'string') this.model = event.message.model;
    if (typeof event?.delta?.stop_reason === 'string') this.#deltaStopReason = event.delta.stop_reason;
  }

  #hold(chunk: Buffer, from: number): Metered {
    const held = chunk.subarray(from);
    this.#held.push(held);
    this.#heldBytes += held.length;
    // An ending that never ends: the row is written with what is known, and the bytes go on.
    if (this.#heldBytes > MAX_EVENT_BYTES) {
      this.ending = this.#event === 'message_stop' ? 'message_stop' : 'error';
      return this.#release(NOTHING, 0, chunk.subarray(0, from));
    }
    return { pass: from === 0 ? NOTHING : chunk.subarray(0, from), last: null };
  }

  #release(chunk: Buffer, from: number, pass = chunk.subarray(0, from)): Metered {
    const last = [...this.#held, chunk.subarray(from)];
    this.#held = [];
    return { pass, last: Buffer.concat(last) };
  }
}

interface MessageEvent {
  message?: { model?: unknown; usage?: unknown };
  delta?: { stop_reason?: unknown };
  usage?: unknown;
}

function lineEnd(chunk: Buffer, from: number, hasCr: boolean): number {
  const lf = chunk.indexOf(LF, from);
  if (!hasCr) return lf;
  const cr = chunk.indexOf(CR, from);
  if (cr < 0) return lf;
  return lf < 0 ? cr : Math.min(lf, cr);
}

function startsWith(line: Buffer, from: number, end: number, prefix: Buffer): boolean {
  if (end - from < prefix.length) return false;
  for (let i = 0; i < prefix.length; i++) if (line[from + i] !== prefix[i]) return false;
  return true;
}

/** One space after the colon belongs to it. */
function valueAt(line: Buffer, colonEnd: number): number {
  return line[colonEnd] === SPACE ? colonEnd + 1 : colonEnd;
}
