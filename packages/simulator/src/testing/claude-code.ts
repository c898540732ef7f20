import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query, type SDKMessage, type SDKResultMessage, type SDKUserMessage } from '@anthropic-ai/claude-agent-sdk';

export interface Options {
  readonly url: string;
  readonly model: string;
  readonly resume?: string;
  readonly env?: Record<string, string>;
}

/** A home for one conversation of the real Claude Code; it outlives the processes that lead the conversation. */
export class Home {
  readonly root = mkdtempSync(join(tmpdir(), 'aaas-simulator-'));
  readonly work = this.directory('work');
  readonly #agents: ClaudeCode[] = [];

  directory(name: string): string {
    const path = join(this.root, name);
    mkdirSync(path, { recursive: true });
    return path;
  }

  open(options: Options): ClaudeCode {
    const agent = new ClaudeCode(this, options);
    this.#agents.push(agent);
    return agent;
  }

  /** Kills what still runs, after a test that failed, and removes everything. */
  async remove(): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.kill()));
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** One process of the real Claude Code that talks to `url` and may do whatever it is told. */
export class ClaudeCode {
  readonly messages: SDKMessage[] = [];
  readonly #inputs: SDKUserMessage[] = [];
  readonly #watchers = new Set<() => void>();
  readonly #query;
  readonly #ended: Promise<void>;
  #child: ChildProcess | undefined;
  #closed = false;

  constructor(home: Home, options: Options) {
    const { url, model, resume, env } = options;
    this.#query = query({
      prompt: this.#prompt(),
      options: {
        cwd: home.work,
        model,
        ...(resume === undefined ? {} : { resume }),
        env: {
          PATH: process.env.PATH,
          HOME: home.directory('home'),
          CLAUDE_CONFIG_DIR: home.directory('config'),
          TMPDIR: home.directory('tmp'),
          ANTHROPIC_BASE_URL: url,
          ANTHROPIC_API_KEY: 'any',
          CLAUDE_CODE_MAX_RETRIES: '0',
          CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
          DISABLE_AUTOUPDATER: '1',
          ...env,
        },
        settingSources: [],
        includePartialMessages: true,
        spawnClaudeCodeProcess: ({ command, args, cwd, env, signal }) => {
          const child = spawn(command, args, { ...(cwd === undefined ? {} : { cwd }), env, signal, stdio: 'pipe' });
          this.#child = child;
          return child;
        },
        canUseTool: async (_name, input) => ({ behavior: 'allow', updatedInput: input }),
      },
    });
    this.#ended = this.#read();
  }

  /** Sends a message and waits for the end of its turn. */
  async turn(text: string): Promise<SDKResultMessage> {
    const before = this.messages.length;
    this.send(text);
    return (await this.until((message) => message.type === 'result', before)) as SDKResultMessage;
  }

  send(text: string): void {
    const message = { role: 'user' as const, content: text };
    this.#inputs.push({ type: 'user', message, parent_tool_use_id: null, session_id: '', uuid: randomUUID() });
    this.#wake();
  }

  interrupt(): Promise<unknown> {
    return this.#query.interrupt();
  }

  /** The first message from `from` on that is looked for. */
  async until(isIt: (message: SDKMessage) => boolean, from = 0): Promise<SDKMessage> {
    for (;;) {
      const found = this.messages.slice(from).find(isIt);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** Ends the input and waits until the process has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#wake();
    await this.#ended;
  }

  /** Ends the process at once, as a crash would. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.close();
  }

  async #read(): Promise<void> {
    try {
      for await (const message of this.#query) {
        this.messages.push(message);
        this.#wake();
      }
    } catch (error) {
      // The SDK reports a killed process so.
      if (this.#child?.signalCode !== 'SIGKILL') throw error;
    }
  }

  async *#prompt(): AsyncGenerator<SDKUserMessage> {
    while (!this.#closed) {
      const next = this.#inputs.shift();
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  #wake(): void {
    for (const resolve of this.#watchers) resolve();
    this.#watchers.clear();
  }
}
