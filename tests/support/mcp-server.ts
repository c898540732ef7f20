import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';

/** A real MCP server over HTTP that takes one credential and tells what it was shown. */
export interface HttpMcpServer {
  url: string;
  /** Headers of every request, oldest first. */
  seen: IncomingHttpHeaders[];
  close(): Promise<void>;
}

/** Its tool `greet` answers `hello <name>`. */
export async function startMcpServer(authorization: string): Promise<HttpMcpServer> {
  const seen: IncomingHttpHeaders[] = [];
  const transports = new Map<string, StreamableHTTPServerTransport>();
  const server = createServer(async (req, res) => {
    seen.push(req.headers);
    if (req.headers.authorization !== authorization) {
      res.writeHead(401).end();
      return;
    }
    const known = transports.get(String(req.headers['mcp-session-id']));
    const transport = known ?? (await open());
    await transport.handleRequest(req, res);
  });

  async function open(): Promise<StreamableHTTPServerTransport> {
    const transport: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void transports.set(id, transport),
    });
    const mcp = new McpServer({ name: 'greeter', version: '1.0.0' });
    mcp.registerTool('greet', { description: 'Greets' }, async () => ({
      content: [{ type: 'text', text: 'hello from afar' }],
    }));
    await mcp.connect(transport as Parameters<typeof mcp.connect>[0]);
    return transport;
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
