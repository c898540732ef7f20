/** Every bound of the gateway. Times in milliseconds, sizes in bytes. */

/** The largest request body; more is 413. The provider has the same limit. */
export const MAX_BODY_BYTES = 32 * 1024 * 1024;
/** Request bodies held in memory by all requests together; more is 529. */
export const MAX_BUFFERED_BODY_BYTES = 512 * 1024 * 1024;
/** The largest answer that is not a stream; it is held in memory while its usage is written to the ledger. */
export const MAX_WHOLE_ANSWER_BYTES = 32 * 1024 * 1024;
/** How much of an upstream's error is kept and passed on. */
export const MAX_ERROR_BODY_BYTES = 256 * 1024;
/** How long the body of an upstream's error is waited for; after it we write one ourselves. */
export const ERROR_BODY_TIMEOUT_MS = 5_000;
/** The largest single event whose content is read; larger ones pass unread. */
export const MAX_EVENT_BYTES = 1024 * 1024;

/** Requests being served at once; more is 529. */
export const MAX_OPEN_REQUESTS = 1_024;
/** Requests of one session being served at once; more is 429. Subagents and titles run side by side. */
export const MAX_OPEN_REQUESTS_PER_SESSION = 32;
/** Open client sockets. */
export const MAX_CLIENT_SOCKETS = 4_096;

export const CONNECT_TIMEOUT_MS = 10_000;
/** From the sent request to the upstream's headers: a long thought may come before them. */
export const HEADERS_TIMEOUT_MS = 600_000;
/** Silence inside an upstream's answer. */
export const BODY_TIMEOUT_MS = 300_000;
/** An idle connection to an upstream is kept this long: a new one costs a TLS handshake. */
export const UPSTREAM_KEEP_ALIVE_MS = 30_000;
/** After the end of a message the upstream has this long to close its answer. */
export const AFTER_STOP_MS = 2_000;

/** An idle client connection is kept this long. */
export const CLIENT_KEEP_ALIVE_MS = 120_000;
export const CLIENT_HEADERS_TIMEOUT_MS = 15_000;
/** From a client's first byte to the end of its body. */
export const CLIENT_REQUEST_TIMEOUT_MS = 120_000;
/** A client that takes no bytes for this long is cut off. */
export const CLIENT_STALL_MS = 300_000;
/** How long the rest of a refused body is read and dropped, so that the client sees our answer and no reset. */
export const REFUSED_BODY_DRAIN_MS = 5_000;

/** Sessions whose owner and settings are remembered. */
export const MAX_CACHED_PRINCIPALS = 10_000;
/** What cannot change within a generation is read again after this. */
export const PRINCIPAL_TTL_MS = 30_000;
/** How often requests in progress are checked for whether their session is still its process's. */
export const WATCH_MS = 3_000;
/** How old the knowledge that a generation is current may be. */
export const GENERATION_TTL_MS = 2_000;

/** Tries of one database statement, and the pauses between them. */
export const DATABASE_TRIES = 4;
export const DATABASE_BACKOFF_MS = 50;
export const DATABASE_BACKOFF_CAP_MS = 1_000;
/** An answer waits this long for its ledger row, then goes on without; the row is still being written. */
export const LEDGER_WAIT_MS = 5_000;

/** When the gateway closes, requests being served have this long to end. */
export const CLOSE_GRACE_MS = 5_000;

/** Name of a sandbox's socket in its directory. */
export const DOOR_SOCKET = 'gateway.sock';
/** Open connections that one sandbox may have, on each of its two ways in. */
export const CLIENT_CONNECTIONS_MAX = 256;
/** Until a host outside has accepted a connection of an agent. */
export const TUNNEL_CONNECT_TIMEOUT_MS = 10_000;
/** Silence after which such a connection is closed. */
export const TUNNEL_IDLE_MS = 600_000;
