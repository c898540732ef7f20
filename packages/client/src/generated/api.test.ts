import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { apiTypes } from '../../scripts/api-types.ts';

it('says what the server says', async () => {
  const written = await readFile(new URL('api.ts', import.meta.url), 'utf8');
  expect(written === (await apiTypes()), 'run: node packages/client/scripts/write-api-types.ts').toBe(true);
});
