import { writeFile } from 'node:fs/promises';
import { apiTypes } from './api-types.ts';

await writeFile(new URL('../src/generated/api.ts', import.meta.url), await apiTypes());
