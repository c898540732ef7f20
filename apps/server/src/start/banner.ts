import { ROLES } from '@aaas/contract/roles';
import type { ServerFacts } from './serve.ts';

/** What a person needs to know of a server that has just started. */
export function printBanner(facts: ServerFacts, startedInMs: number): void {
  const lines = [
    `AaaS ${facts.version} is ready after ${(startedInMs / 1000).toFixed(1)} s`,
    ...(facts.roles.length < ROLES.length ? [`  Roles      ${facts.roles.join(', ')}`] : []),
    ...(facts.roles.includes('api')
      ? [`  API        ${facts.url}/api/v1`, `  Docs       ${facts.url}/docs`]
      : [`  Health     ${facts.url}/health`]),
    `  Data       ${facts.dataDir} (${facts.database})`,
    ...(facts.roles.includes('api') ? [`  Admin key  ${facts.adminKeyFile ?? 'the one in API_KEY'}`] : []),
    ...(facts.newAdminKey ? [`             made just now, shown this once: ${facts.newAdminKey}`] : []),
    `  Model      ${modelOf(facts)}`,
    ...facts.warnings.map((warning) => `  Warning    ${warning}`),
  ];
  console.log(lines.join('\n'));
}

const SIMULATED = 'SIMULATED: there is no ANTHROPIC_API_KEY, so the built-in simulator answers';

function modelOf({ providers }: ServerFacts): string {
  if (!providers) return 'asked for by the gateways of the fleet';
  return providers.simulated ? SIMULATED : providers.description;
}
