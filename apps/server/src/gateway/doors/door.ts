import type { LookupAddress } from 'node:dns';
import type { Server, Socket } from 'node:net';

/** Who stands behind a door: everything that comes through it is that session's, whatever it says. */
export interface DoorOptions {
  /** A directory that only this session and the server can enter; the socket lies there. */
  directory: string;
  /** Who may connect; null: the server's own user. */
  owner: { uid: number; gid: number } | null;
  /** What tokens name that are used here: its session, or a cell of the warm pool that becomes one's. */
  name: string;
  /**
   * Where the session may connect to outside: the addresses, checked.
   * @throws EgressRefused
   */
  resolve(target: { host: string; port: number }): Promise<LookupAddress[]>;
}

/** A way into the gateway for one sandbox: a socket in the file system, and whatever listens inside for it. */
export interface Door {
  /** Serves what connects to a listener in the sandbox's own network as well. */
  serve(listener: Server): void;
  /** Its cell has been given to this session: the log speaks of that from now on. */
  rename(sessionId: string): void;
  /** Ends its sockets and everything that goes through them. */
  close(): Promise<void>;
}

/** An open door as the gateway sees it. */
export interface OpenDoor extends DoorOptions {
  /** For the log. */
  sessionId: string;
  sockets: Set<Socket>;
  /** What it was refused already, so that the log says it once. */
  refused: Set<string>;
}
