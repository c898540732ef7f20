/** What a sandboxed process finds at fixed places. */
export const INSIDE = {
  /** The door of its session into the gateway. */
  socket: '/run/aaas/gateway.sock',
  /** The platform's own Node, at the end of its PATH. */
  bin: '/run/aaas/bin',
  /** The same door as a port of its own loopback; above those that the kernel gives to outgoing connections. */
  port: 61_080,
} as const;

export const INSIDE_URL = `http://127.0.0.1:${INSIDE.port}`;

/** Leads model traffic through the socket, and everything else that speaks HTTP through the port. */
export const INSIDE_ENV: Readonly<Record<string, string>> = {
  ANTHROPIC_UNIX_SOCKET: INSIDE.socket,
  ...Object.fromEntries(
    ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].map((name) => [name, INSIDE_URL] as const),
  ),
  ...Object.fromEntries(['NO_PROXY', 'no_proxy'].map((name) => [name, '127.0.0.1,localhost,::1'] as const)),
  // Node's own fetch and http look at the variables above only if told to.
  NODE_USE_ENV_PROXY: '1',
};
