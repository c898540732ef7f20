import assert from 'node:assert/strict';
import { docker, inspect } from './docker.ts';

const SIZE_MAX_BYTES = 1_000_000_000;

/** What an image must be before anybody runs it: labelled, not root, lean, and without a secret in any layer's story. */
export async function checkImage(image: string, secrets: string[]): Promise<void> {
  const { Config, Size } = await inspect(image);
  console.log(`${image}: ${Math.round(Size / 1e6)} MB`);
  assert.ok(Size < SIZE_MAX_BYTES, `${Size} bytes`);
  assert.equal(Config.User, '1000:1000');
  assert.deepEqual(Config.Entrypoint, ['tini', '--']);
  assert.ok(Config.Healthcheck.Test.length > 0);
  assert.ok('/data' in Config.Volumes);
  for (const name of ['title', 'version', 'revision', 'created', 'licenses']) {
    assert.ok(Config.Labels[`org.opencontainers.image.${name}`], `label ${name}`);
  }
  const story = (await docker('history', '--no-trunc', image)) + JSON.stringify(await inspect(image));
  for (const secret of secrets) assert.ok(!story.includes(secret));
  assert.doesNotMatch(story, /sk-ant-|aaas_[A-Za-z0-9]{20}|whsec_/);

  const look = (command: string) => docker('run', '--rm', '--network=none', '--entrypoint=sh', image, '-c', command);
  const modules = await look('ls /app/node_modules /app/node_modules/.bin /app/node_modules/@*');
  for (const forDevelopment of ['vitest', 'typescript', 'biome', 'knip']) {
    assert.doesNotMatch(modules, new RegExp(`^${forDevelopment}$`, 'm'));
  }
  const programs = (await look('find /app/node_modules -name claude -type f')).split('\n');
  assert.equal(programs.length, 1, programs.join());
  assert.equal(await look('find /app/apps /app/packages -name "*.test.ts" | head -3'), '');
  assert.match(await look('touch /app/x || true'), /Permission denied/);
}
