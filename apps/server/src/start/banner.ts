import type { ServerFacts } from './serve.ts';

/** What a person needs to know of a server that has just started. */
export function printBanner(facts: ServerFacts, startedInMs: number): void {
  const lines = [
    `AaaS ${facts.version} is ready after ${(startedInMs / 1000).toFixed(1)} s`,
    `  API        ${facts.url}/api/v1`,
    `  Docs       ${facts.url}/docs`,
    `  Data       ${facts.dataDir} (${facts.database})`,
    `  Admin key  ${facts.adminKeyFile ?? 'the one in API_KEY'}`,
    ...(facts.newAdminKey ? [`             made just now, shown this once: ${facts.newAdminKey}`] : []),
    `  Model      ${facts.simulated ? SIMULATED : facts.upstream}`,
    ...facts.warnings.map((warning) => `  Warning    ${warning}`),
  ];
  console.log(lines.join('\n'));
}

const SIMULATED = 'SIMULATED: there is no ANTHROPIC_API_KEY, so the built-in simulator answers';
