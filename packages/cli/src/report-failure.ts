import { ApiRequestError } from '@aaas/client/api-request-error';
import { ConnectionError } from '@aaas/client/connection-error';
import { NotReachedError } from '@aaas/client/waiting/not-reached-error';
import { CliError } from './cli-error.ts';
import { unreachableRemedy } from './connection/unreachable-remedy.ts';
import { EXIT } from './exit-codes.ts';
import type { GlobalOptions } from './global-options.ts';
import { oneLine } from './output/one-line.ts';

/** Says on standard error, in one line, what went wrong and what to do. @returns the exit code. */
export function reportFailure(error: unknown, options: GlobalOptions): number {
  const { message, exitCode } = describe(error, options);
  process.stderr.write(`aaas: ${oneLine(message)}\n`);
  return exitCode;
}

/** The same sentence, for whoever goes on. */
export function describeFailure(error: unknown, options: GlobalOptions = {}): string {
  return oneLine(describe(error, options).message);
}

function describe(error: unknown, options: GlobalOptions): { message: string; exitCode: number } {
  if (error instanceof CliError) return error;
  if (error instanceof ConnectionError) {
    return { message: `${error.message} ${unreachableRemedy(error.baseUrl, options)}`, exitCode: EXIT.unreachable };
  }
  if (error instanceof NotReachedError) return { message: error.message, exitCode: EXIT.timedOut };
  if (error instanceof ApiRequestError) return { message: sentenceOf(error), exitCode: exitCodeOf(error) };
  // Nobody expected this one: where it comes from helps whoever has to mend it.
  return { message: error instanceof Error ? (error.stack ?? error.message) : String(error), exitCode: EXIT.failed };
}

/** The platform's sentence, with the remedy in terms of the command line where the platform speaks of HTTP. */
function sentenceOf(error: ApiRequestError): string {
  switch (error.code) {
    case 'authentication_required':
      return 'The platform wants an API key. Give it with --api-key or AAAS_API_KEY.';
    case 'invalid_api_key':
      return `${error.detail} It is taken from --api-key, AAAS_API_KEY or the data directory.`;
    case 'agent_stopped':
      return 'The agent is stopped. Start it with: aaas agents start <agent>';
    case 'agent_failed':
      return 'The agent could not be kept running. See why with aaas agents get <agent>, then aaas agents start <agent>.';
    case 'not_available_yet':
      return `${error.detail} This version of aaas is ready for it; the platform is not.`;
    case 'missing_scope':
      return `${error.detail} See what yours may do with: aaas keys list`;
    case 'rate_limited': {
      const seconds = Math.ceil((error.retryAfterMs ?? 0) / 1000);
      return `${error.detail}${seconds > 0 ? ` Try again in ${seconds} s.` : ''}`;
    }
    case 'budget_exceeded':
      return `${error.detail} See it with: aaas budgets get`;
    default:
      return error.status >= 500 && error.requestId
        ? `${error.detail} (request ${error.requestId})`
        : inCommands(error.detail);
  }
}

/** What the platform says to ask for, as a command. */
function inCommands(detail: string): string {
  return detail
    .replace(/GET \/api\/v1\/webhooks\/(\w+)\/deliveries lists ([a-z ]+)/, 'aaas webhooks deliveries $1 lists $2')
    .replace(/GET \/api\/v1\/models lists/, 'aaas models lists')
    .replace(/GET \/api\/v1\/([a-z]+) lists/, 'aaas $1 list shows');
}

function exitCodeOf({ status }: ApiRequestError): number {
  switch (status) {
    case 400:
    case 422:
      return EXIT.usage;
    case 401:
    case 403:
      return EXIT.denied;
    case 402:
      return EXIT.budget;
    case 404:
      return EXIT.notFound;
    case 429:
      return EXIT.rateLimited;
    default:
      return EXIT.failed;
  }
}
