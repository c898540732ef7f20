import type { StartStep } from '@aaas/contract/starts';

interface Hint {
  /** Only for a start that failed in this step. */
  step?: StartStep;
  says: RegExp;
  hint: string;
}

const KILLED = 'Somebody or the kernel killed the process, mostly for memory: see the kernel’s log (dmesg).';
// The first that fits is told; what is certain stands before what is likely.
const HINTS: Hint[] = [
  // What bubblewrap says when its sandbox is killed under its hands is not the cause.
  { says: /ended by SIGKILL[\s\S]*bwrap:/, hint: KILLED },
  {
    says: /spawn \S+ ENOENT|executable not found|native binary not found|(bwrap|sh|exec|execvp).*No such file or directory/i,
    hint: 'The program of the agent process is missing or its interpreter is: reinstall the server’s packages for this platform (npm ci).',
  },
  {
    says: /bwrap:|bubblewrap/i,
    hint: 'bubblewrap could not build the sandbox: see whether this machine or container allows user namespaces.',
  },
  {
    says: /unshare|setpriv|mount:/,
    hint: 'The server may not give the process a view or a user of its own: run it as root, or with CAP_SYS_ADMIN and CAP_SETUID.',
  },
  {
    says: /ENOSPC|no space left|EDQUOT|quota exceeded/i,
    hint: 'The disk or quota of DATA_DIR is full: free space.',
  },
  { says: /EROFS|read-only file system/i, hint: 'DATA_DIR lies on a read-only file system: mount it writable.' },
  {
    says: /EMFILE|ENFILE|too many open files/i,
    hint: 'The server has too many files open: raise its limit (ulimit -n).',
  },
  {
    says: /EAGAIN|resource temporarily unavailable|fork: retry/i,
    hint: 'The limit of processes is reached: raise it (ulimit -u, or pids.max of the container), or lower MAX_AGENTS.',
  },
  {
    says: /ENOMEM|out of memory|cannot allocate memory|heap limit|bad_alloc/i,
    hint: 'There was not enough memory: lower MAX_AGENTS, or give the machine or the agent more.',
  },
  {
    says: /dangerously-skip-permissions cannot be used with root/i,
    hint: 'Claude Code does not work as root in this mode: let agents have users of their own.',
  },
  {
    says: /EACCES|EPERM|permission denied|operation not permitted/i,
    hint: 'The agent’s user may not reach something that it needs: check the owner and mode of DATA_DIR and of the program, and noexec mounts.',
  },
  {
    says: /no conversation found/i,
    hint: 'The stored transcript could not be taken up: the session’s rows in the database are incomplete.',
  },
  {
    says: /issue with the selected model|model.{0,40}(not found|does not exist|not supported)/i,
    hint: 'The model of the agent is not served: choose one of GET /api/v1/models.',
  },
  {
    says: /invalid api key|authentication_error|token is not one of this model gateway/i,
    hint: 'The model gateway refused the process: see whether the row of fleet_secrets in the database was exchanged under the running server.',
  },
  {
    says: /mcp/i,
    hint: 'An MCP server of the agent is in the way: check its command, its address and its credentials.',
  },
  { says: /ended by SIGKILL/, hint: KILLED },
  {
    says: /ended by SIG(ILL|SEGV|BUS|SYS)/,
    hint: 'The program crashed: see whether it is built for this processor, and whether a seccomp profile forbids its calls.',
  },
  {
    step: 'handshake',
    says: /did not answer within/,
    hint: 'The process started and stayed silent: the machine may be overloaded; raise START_TIMEOUT or lower MAX_AGENTS.',
  },
];

/** The likely cause of a failed start and what to do, for people; null when nothing is known of it. */
export function hintFor(step: StartStep, output: string): string | null {
  return HINTS.find((hint) => (!hint.step || hint.step === step) && hint.says.test(output))?.hint ?? null;
}
