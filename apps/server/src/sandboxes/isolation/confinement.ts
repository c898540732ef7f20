import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { Server } from 'node:net';
import { join } from 'node:path';
import type { SessionDirectory } from '../../directories/session-directory.ts';
import type { Door, DoorOptions } from '../../gateway/doors/door.ts';
import type { User } from '../../processes/passage.ts';
import type { Bubblewrap } from './bubblewrap.ts';
import { INSIDE } from './inside.ts';
import { addName, prepareView } from './sessions-view.ts';

interface Command {
  command: string;
  args: string[];
}

/** The sandbox of one process: what it sees, and its way to the gateway. */
export interface Confinement {
  /**
   * The command that makes it, and in it becomes what `launch` makes of a command that runs the program.
   * @param writable directories that the program may write, at their own paths.
   */
  wrap(program: Command & { cwd: string }, writable: string[], launch: (inside: Command) => Command): Command;
  /** Directories that must be reachable to make it. */
  readonly needs: readonly string[];
  /** Takes over what the process listens on for the gateway. */
  adopt(child: ChildProcess): void;
  /** It was prepared for nobody, and works for this session from now on, whose directory it is to find. */
  rename(sessionId: string): Promise<void>;
  /** Ends its way to the gateway. */
  close(): Promise<void>;
}

// $1 what listens, $2 the port, then the program. The channel to the server is the listener's alone; it is no child of
// the program, which would have to reap it.
const LAUNCH = `
( ${INSIDE.bin}/node -e "$1" "$2" </dev/null >/dev/null 2>&1 & )
exec 3>&-
unset NODE_CHANNEL_FD NODE_CHANNEL_SERIALIZATION_MODE
shift 2
exec "$@"
`;
const LISTEN = readFileSync(new URL('./listen-inside.ts', import.meta.url), 'utf8');

/**
 * Prepares the sandbox of the next process of `id`, a session or a cell of the warm pool. `directory.run` must be there,
 * and be nobody's to write but ours.
 */
export async function confine(options: {
  bubblewrap: Bubblewrap;
  dataDir: string;
  id: string;
  directory: SessionDirectory;
  user: User | null;
  openDoor(options: DoorOptions): Promise<Door>;
  resolve: DoorOptions['resolve'];
}): Promise<Confinement> {
  const { bubblewrap, dataDir, id, directory, user, resolve } = options;
  const [own, view] = await Promise.all([writeNames(directory, user), prepareView(directory.run, id)]);
  const door = await options.openDoor({ directory: directory.run, owner: user, name: id, resolve });
  return {
    wrap: ({ command, args, cwd }, writable, launch) => {
      const launchArgs = ['-c', LAUNCH, 'sh', LISTEN, String(INSIDE.port), command, ...args];
      const inside = launch({ command: '/bin/sh', args: launchArgs });
      const made = [
        ...bubblewrap.args,
        ...own,
        ...['--ro-bind', process.execPath, `${INSIDE.bin}/node`],
        ...['--ro-bind', join(directory.run, 'gateway.sock'), INSIDE.socket],
        // Whatever else of the machine is shown, nothing of this is.
        ...['--tmpfs', dataDir, '--ro-bind', view, join(dataDir, 'sessions')],
        ...['--ro-bind', command, command],
        ...writable.flatMap((path) => ['--bind', path, path]),
        ...['--remount-ro', dataDir, '--remount-ro', '/', '--chdir', cwd],
      ];
      return { command: 'bwrap', args: [...made, '--', inside.command, ...inside.args] };
    },
    needs: bubblewrap.needs,
    adopt: (child) => {
      child.once('message', (_message, listener) => {
        if (listener instanceof Server) door.serve(listener);
        child.disconnect();
      });
      child.once('exit', () => {
        if (child.connected) child.disconnect();
        void door.close();
      });
    },
    rename: async (sessionId) => {
      await addName(view, id, sessionId);
      door.rename(sessionId);
    },
    close: () => door.close(),
  };
}

/** Names of users and hosts as the sandbox knows them. @returns the arguments that show them. */
async function writeNames({ run, home }: SessionDirectory, user: User | null): Promise<string[]> {
  const uid = user?.uid ?? process.getuid?.() ?? 0;
  const gid = user?.gid ?? process.getgid?.() ?? 0;
  const files = {
    passwd: `root:x:0:0:root:/nonexistent:/usr/sbin/nologin\nagent:x:${uid}:${gid}:agent:${home}:/bin/bash\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n`,
    group: `root:x:0:\nagent:x:${gid}:\nnogroup:x:65534:\n`,
    hosts: '127.0.0.1 localhost sandbox\n::1 localhost\n',
    'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\n',
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(run, name), text, { mode: 0o644 })));
  return Object.keys(files).flatMap((name) => ['--ro-bind', join(run, name), `/etc/${name}`]);
}
