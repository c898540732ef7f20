import { AsyncLocalStorage } from 'node:async_hooks';

/** What lines of the log are about. */
export interface LogFields {
  request_id?: string;
  operation?: string | undefined;
  workspace_id?: string;
  key_id?: string;
  agent_id?: string;
  session_id?: string;
  generation?: number;
  turn_id?: string | undefined;
}

const storage = new AsyncLocalStorage<LogFields>();

/** Runs `work` so that every line logged from within it carries `fields`, as they are when the line is written. */
export function withLogFields<T>(fields: LogFields, work: () => T): T {
  return storage.run(fields, work);
}

/** Says more of what the work in progress is about. */
export function addLogFields(fields: LogFields): void {
  Object.assign(storage.getStore() ?? {}, fields);
}

/** A copy: pino writes into what it is given. */
export function currentLogFields(): LogFields {
  return { ...storage.getStore() };
}
