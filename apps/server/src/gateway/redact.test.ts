import { expect, test } from 'vitest';
import { redact } from './redact.ts';

test('each occurrence of the key goes, the rest stays', () => {
  expect(redact(Buffer.from('key: KEY, again KEY, OTHER'), ['KEY', 'OTHER']).toString()).toBe(
    'key: [redacted], again [redacted], [redacted]',
  );
  expect(redact(Buffer.from('KEYKEY'), ['KEY']).toString()).toBe('[redacted][redacted]');
});

test('without a key or without an occurrence the very same bytes are returned', () => {
  const bytes = Buffer.from([0xff, 0x00, 0xc3]);
  expect(redact(bytes, ['KEY'])).toBe(bytes);
  expect(redact(bytes, [])).toBe(bytes);
});
