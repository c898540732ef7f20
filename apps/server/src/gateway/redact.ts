const REPLACEMENT = Buffer.from('[redacted]');

/** The bytes without what an upstream was given in confidence, should it have echoed it. Else the same bytes. */
export function redact(bytes: Buffer, secrets: readonly string[]): Buffer {
  return secrets.reduce(without, bytes);
}

function without(bytes: Buffer, secret: string): Buffer {
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
