import { z } from 'zod';

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const HEADER_NAME = /^[A-Za-z0-9-]{1,128}$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/;
// Headers of the connection itself, and the ones the protocol needs.
const RESERVED_HEADER =
  /^(host|connection|content-length|content-type|transfer-encoding|te|upgrade|accept|accept-encoding|mcp-.*|proxy-.*)$/i;
const VISIBLE = /^[\t\x20-\x7e]*$/;

/** Servers of one agent, at most. */
const SERVERS_MAX = 20;

const common = {
  tools: z
    .array(z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, 'must be the name of a tool'))
    .max(500)
    .optional()
    .describe('Only these of its tools may be used. Without it: all.'),
  permission: z
    .enum(['allow', 'ask', 'deny'])
    .optional()
    .describe('For its tools. Without it permission_mode decides, as for any tool that may write.'),
  timeout_seconds: z.int().min(1).max(3_600).optional().describe('Longest call of one of its tools.'),
};

const HttpServer = z.strictObject({
  type: z.literal('http'),
  url: z
    .url({ protocol: /^https?$/, error: 'must be an http:// or https:// address' })
    .max(2_048)
    .refine((url) => !/^[a-z]+:\/\/[^/]*@/i.test(url), 'must not hold credentials; put them into headers'),
  headers: z
    .record(
      z
        .string()
        .regex(HEADER_NAME, 'must be the name of a header')
        .refine((name) => !RESERVED_HEADER.test(name), 'is set by the platform; leave it out'),
      z.string().max(8_192).regex(VISIBLE, 'must be visible ASCII'),
    )
    .optional()
    .describe('For example `Authorization`. Kept encrypted, never shown again, and never given to the agent.'),
  ...common,
});

const StdioServer = z.strictObject({
  type: z.literal('stdio'),
  command: z.string().min(1).max(1_024).describe('Run inside the agent’s sandbox, as its user, in its directory.'),
  args: z.array(z.string().max(4_096)).max(100).optional(),
  env: z
    .record(z.string().regex(ENV_NAME, 'must be letters, digits and underscores'), z.string().max(32_768))
    .optional()
    .describe('Kept encrypted and never shown again. The server runs beside the agent, which can read it there.'),
  ...common,
});

export const McpServerRequest = z
  .discriminatedUnion('type', [HttpServer, StdioServer])
  .meta({ id: 'McpServerRequest' });
export type McpServerRequest = z.infer<typeof McpServerRequest>;

export const McpServersRequest = z
  .record(z.string().regex(NAME, 'must be lower-case letters, digits and hyphens, at most 32'), McpServerRequest)
  .refine((servers) => Object.keys(servers).length <= SERVERS_MAX, `at most ${SERVERS_MAX} servers`)
  .describe('MCP servers of the agent by name; their tools are called `mcp__<name>__<tool>`.');

/** `mcp_servers` of a PATCH. */
export const McpServersPatch = z
  .record(
    z.string().regex(NAME, 'must be lower-case letters, digits and hyphens, at most 32'),
    McpServerRequest.nullable(),
  )
  .refine((servers) => Object.keys(servers).length <= SERVERS_MAX, `at most ${SERVERS_MAX} servers`)
  .describe('By name: null removes a server; one that is given replaces the old one, its secrets included.');

/** The MCP tool `mcp__<server>__<tool>` by its parts; null for other tools. Names of servers have no underscore. */
export function parseMcpTool(name: string): { server: string; tool: string } | null {
  const match = /^mcp__([^_]+)__(.+)$/.exec(name);
  return match ? { server: match[1] as string, tool: match[2] as string } : null;
}

export function mcpToolName(server: string, tool: string): string {
  return `mcp__${server}__${tool}`;
}

/** A server as it is stored: what is secret lies apart, sealed, under `credential`. */
export type StoredMcpServer = {
  tools: string[] | null;
  permission: 'allow' | 'ask' | 'deny' | null;
  timeout_seconds: number | null;
  /** Id of the sealed headers or variables; null: it has none. */
  credential: string | null;
  /** Names of the headers or variables that `credential` holds. */
  secret_names: string[];
} & ({ type: 'http'; url: string } | { type: 'stdio'; command: string; args: string[] });

const view = {
  tools: z.array(z.string()).nullable(),
  permission: z.enum(['allow', 'ask', 'deny']).nullable(),
  timeout_seconds: z.number().nullable(),
};
const secret = z.record(z.string(), z.literal('[set]')).describe('Names only; values are never shown.');

export const McpServerView = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('http'), url: z.string(), headers: secret, ...view }),
    z.object({ type: z.literal('stdio'), command: z.string(), args: z.array(z.string()), env: secret, ...view }),
  ])
  .meta({ id: 'McpServer' });
export type McpServerView = z.infer<typeof McpServerView>;
