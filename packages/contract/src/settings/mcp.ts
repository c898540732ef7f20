import { addressList, flag, whole } from './forms.ts';

/** MCP servers of agents. */
export const mcpSettings = {
  MCP_CONNECT_TIMEOUT: whole(1, 120)
    .default(10)
    .describe('Seconds that the first turn of a process waits for the MCP servers of its agent.'),
  MCP_ALLOW_HTTP: flag.default(false).describe('true lets MCP servers of agents be reached at http:// addresses.'),
  MCP_ALLOW_PRIVATE: addressList
    .optional()
    .describe(
      'Networks, addresses and host names (*.name for all below) that MCP servers of every workspace may lie at although they are not public, over http too.',
    ),
};
