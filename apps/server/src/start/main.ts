import { knownSecrets } from '../config/known-secrets.ts';
import { loadSettings } from '../config/load-settings.ts';
import { describeMisspelt } from '../config/misspelt-names.ts';
import { createLogger } from '../telemetry/logger.ts';
import { printBanner } from './banner.ts';
import { type Server, serve } from './serve.ts';
import { StartupError } from './startup-error.ts';

/** How the server ends, for whoever started it. docs/freeze-and-drain.md lists them. */
const EXIT = { ended: 0, failed: 1, replaced: 3, SIGINT: 130, SIGTERM: 143 };

try {
  const began = performance.now();
  const loaded = loadSettings(process.env);
  const log = createLogger(loaded.settings.LOG_LEVEL, knownSecrets(loaded.settings, process.env));
  if (loaded.misspelt.length > 0) log.warn(loaded.misspelt.map(describeMisspelt).join('; '));
  const server = await serve(loaded, log);
  printBanner(server.facts, performance.now() - began);

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // The second one waits for nothing but the end of what the server would leave behind.
    if (stopping) endAtOnce(server, EXIT[signal as 'SIGINT' | 'SIGTERM']);
    stopping = true;
    console.log(`\n${signal}: draining; send it again to stop at once.`);
    void server.close().then(() => process.exit(EXIT.ended), failed);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  void server.replaced.then(() => {
    console.error('aaas: another server runs with this data directory now; this one ends.');
    endAtOnce(server, EXIT.replaced);
  });
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`aaas: ${error.message}`);
  process.exit(EXIT.failed);
}

function failed(error: unknown): never {
  console.error(`aaas: failed to stop cleanly: ${error instanceof Error ? error.message : error}`);
  process.exit(EXIT.failed);
}

function endAtOnce(server: Server, code: number): never {
  server.abandon();
  process.exit(code);
}
