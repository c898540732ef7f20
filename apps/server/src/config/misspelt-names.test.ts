import { expect, it } from 'vitest';
import { describeMisspelt, findMisspelt } from './misspelt-names.ts';

const said = (...names: string[]) => findMisspelt(names).map(describeMisspelt);

it('names what looks like a setting, and the nearest one', () => {
  expect(said('MAX_AGENT', 'MAX_AGENTS', 'MAX_AGENT')).toEqual(['MAX_AGENT is no setting: did you mean MAX_AGENTS?']);
  expect(said('DATABASE_URI', 'ROLE', 'REDIS_ULR', 'APIKEY', 'max_agents', 'NODE_ADRESS')).toEqual([
    'DATABASE_URI is no setting: did you mean DATABASE_URL?',
    'ROLE is no setting: did you mean ROLES?',
    'REDIS_ULR is no setting: did you mean REDIS_URL?',
    'APIKEY is no setting: did you mean API_KEY?',
    'max_agents is no setting: did you mean MAX_AGENTS?',
    'NODE_ADRESS is no setting: did you mean NODE_ADDRESS?',
  ]);
  expect(said('DATABASE_URL_FLIE')).toEqual(['DATABASE_URL_FLIE is no setting: did you mean DATABASE_URL_FILE?']);
  expect(said('AAAS_PORTS', 'AAAS_MAX_AGENTS', 'AAAS_WHATEVER')).toEqual([
    'AAAS_PORTS is no setting',
    'AAAS_MAX_AGENTS is no setting: did you mean MAX_AGENTS?',
    'AAAS_WHATEVER is no setting',
  ]);
});

it('says nothing of what is usually there', () => {
  const usual = `
    PATH HOME USER LOGNAME SHELL PWD OLDPWD TERM LANG LC_ALL TZ TMPDIR HOSTNAME SHLVL EDITOR PAGER MAIL DISPLAY DEBUG CI
    COLUMNS LINES NO_COLOR FORCE_COLOR COLORTERM HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy no_proxy _ INIT_CWD
    SSH_AUTH_SOCK SSH_CONNECTION SUDO_USER INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET XDG_RUNTIME_DIR XDG_DATA_DIRS
    NODE NODE_ENV NODE_OPTIONS NODE_PATH NODE_EXTRA_CA_CERTS NODE_VERSION NODE_NO_WARNINGS UV_THREADPOOL_SIZE
    npm_config_port npm_package_name npm_lifecycle_event npm_execpath npm_node_execpath YARN_VERSION
    PGHOST PGPORT PGUSER PGPASSWORD PGDATABASE PGDATA PGSSLMODE POSTGRES_USER POSTGRES_PASSWORD POSTGRES_DB DB_HOST DB_PORT
    REDIS_HOST REDIS_PORT REDIS_PASSWORD SMTP_HOST SMTP_PORT S3_BUCKET
    AWS_REGION AWS_DEFAULT_REGION AWS_SESSION_TOKEN AWS_PROFILE AWS_ROLE_ARN AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3
    ANTHROPIC_MODEL ANTHROPIC_AUTH_TOKEN CLAUDE_CONFIG_DIR CLAUDE_CODE_OAUTH_TOKEN OPENAI_API_KEY OTEL_SERVICE_NAME
    KUBERNETES_SERVICE_HOST KUBERNETES_PORT KUBERNETES_PORT_443_TCP_ADDR POD_NAME POD_IP NODE_NAME VERSION GITHUB_TOKEN
    AAAS_SERVICE_HOST AAAS_SERVICE_PORT AAAS_SERVICE_PORT_HTTP AAAS_PORT AAAS_PORT_8000_TCP AAAS_PORT_8000_TCP_PROTO
    AAAS_WORKER_SERVICE_HOST AAAS_WORKER_PORT AAAS_WORKER_PORT_8100_TCP
    AAAS_URL AAAS_API_KEY AAAS_ENV_FILE AAAS_IMAGE AAAS_ADDRESS AAAS_CPUS AAAS_MEMORY API_KEY_FILE`;
  expect(said(...usual.trim().split(/\s+/))).toEqual([]);
});
