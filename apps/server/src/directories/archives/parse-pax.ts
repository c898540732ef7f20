import { invalidArchive } from './invalid-archive.ts';

/** What an extended header says of the entry after it, as far as it matters here. */
export interface PaxFields {
  path?: string;
  linkpath?: string;
  size?: number;
}

/** Records are "length key=value\n", and a value may hold anything, line feeds too. */
export function parsePax(body: Buffer): PaxFields {
  const fields: PaxFields = {};
  for (let at = 0; at < body.length && body[at] !== 0; ) {
    const space = body.indexOf(' ', at);
    const length = Number(body.toString('latin1', at, Math.max(space, at)));
    const equals = body.indexOf('=', space);
    const end = at + length;
    const ok = Number.isInteger(length) && space > at && equals > space && end > equals && end <= body.length;
    if (!ok) throw invalidArchive('has an extended header that cannot be read');
    const key = body.toString('utf8', space + 1, equals);
    const value = body.toString('utf8', equals + 1, end - 1);
    if (key === 'path' || key === 'linkpath') fields[key] = value;
    else if (key === 'size') fields.size = Number(value);
    else if (key.startsWith('GNU.sparse.')) throw invalidArchive('holds a sparse file. Pack it without --sparse');
    at = end;
  }
  return fields;
}
