// Healthy is who can take work. HOST may name one address of the container; a wildcard includes the loopback.
const { HOST = '0.0.0.0', PORT = '8000' } = process.env;
const wildcard = HOST === '0.0.0.0' || HOST === '::';
const host = wildcard ? '127.0.0.1' : HOST.includes(':') ? `[${HOST}]` : HOST;
const answer = await fetch(`http://${host}:${PORT}/health/ready`, { signal: AbortSignal.timeout(4_000) }).catch(
  () => null,
);
process.exit(answer?.ok ? 0 : 1);
