import { type Command, Option } from 'commander';

/** Options that every command takes. */
export interface GlobalOptions {
  url?: string;
  apiKey?: string;
  dataDir?: string;
  json?: boolean;
}

export function addGlobalOptions(program: Command): void {
  program
    .addOption(new Option('--url <url>', 'address of the platform (AAAS_URL)'))
    .addOption(new Option('--api-key <key>', 'key for it (AAAS_API_KEY)'))
    .addOption(new Option('--data-dir <path>', 'data directory that tells both (DATA_DIR, ./data)'))
    .addOption(new Option('--json', 'JSON on standard output, and nothing else'));
}
