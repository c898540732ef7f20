import { styleText } from 'node:util';

type Format = Parameters<typeof styleText>[0];

/** A text in colour, unless standard output is no terminal or NO_COLOR is set. */
export function style(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream });
}
