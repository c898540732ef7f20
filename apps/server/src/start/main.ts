import { knownSecrets } from '../config/known-secrets.ts';
import { loadSettings } from '../config/load-settings.ts';

import { createLogger } from '../telemetry/logger.ts';
import { printBanner } from './banner.ts';
import { serve } from './serve.ts';
import { StartupError } from './startup-error.ts';

const FORCED_EXIT_CODE = 130;

try {
  const began = performance.now();
  const loaded = loadSettings(process.env);
  const { LOG_LEVEL } = loaded.settings;
  const server = await serve(loaded, createLogger(LOG_LEVEL, knownSecrets(loaded.settings, process.env)));
  printBanner(server.facts, performance.now() - began);

  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // The second signal does not wait: the lifeline ends whatever is left.
    if (stopping) process.exit(FORCED_EXIT_CODE);
    stopping = true;
    console.log(`\n${signal}: draining; send it again to stop at once.`);
    server.close().then(
      () => process.exit(0),
      (error) => {
        console.error(`aaas: failed to stop cleanly: ${error instanceof Error ? error.message : error}`);
        process.exit(1);
      },
    );
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  console.error(`aaas: ${error.message}`);
  process.exit(1);
}
