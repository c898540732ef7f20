/** The offered tool that a script means: by its exact name, else without case and separators, else by its MCP name. */
export function findTool(wanted: string, offered: readonly string[]): string | undefined {
  return offered.find((name) => name === wanted) ?? offered.find((name) => isSameTool(wanted, name));
}

/** `Bash` and `bash`, `WebFetch` and `web_fetch`, `read_file` and `mcp__files__read_file` are the same tool. */
export function isSameTool(wanted: string, name: string): boolean {
  if (plain(wanted) === plain(name)) return true;
  const mcp = /^mcp__.+?__(.+)$/.exec(name);
  return mcp?.[1] !== undefined && plain(wanted) === plain(mcp[1]);
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
