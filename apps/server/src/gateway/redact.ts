const REPLACEMENT = Buffer.from('[redacted]');

/** The bytes without the provider's key, should an upstream have echoed it. Without a key: the same bytes. */
export function redact(bytes: Buffer, secret: string | null): Buffer {
  if (!secret) return bytes;
  const needle = Buffer.from(secret);
  let at = bytes.indexOf(needle);
  if (at < 0) return bytes;
  const parts: Buffer[] = [];
  let from = 0;
  for (; at >= 0; at = bytes.indexOf(needle, from)) {
    parts.push(bytes.subarray(from, at), REPLACEMENT);
    from = at + needle.length;
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts);
}
