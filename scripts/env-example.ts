import { isLive, isSecret, PROFILES, type SettingName, Settings } from '../packages/contract/src/settings.ts';

/** The file `.env.example`: every setting with what it does and its default. */
export function envExample(): string {
  return `${[HEAD, ...(Object.keys(Settings.shape) as SettingName[]).map(entry)].join('\n\n')}\n`;
}

const HEAD = `# Settings of AaaS. Copy this file to .env and change what you need; npx aaas config check explains the result.
# Stronger than this file: a variable of the environment; stronger still: a live change (npx aaas settings set).
# Made by scripts/write-env-example.ts from packages/contract/src/settings/*.ts.`;

function entry(name: SettingName): string {
  const schema = Settings.shape[name];
  const fallback = schema.safeParse(undefined).data;
  const profiles = Object.entries(PROFILES)
    .filter(([, profile]) => profile[name] !== undefined)
    .map(([environment, profile]) => `${environment}: ${profile[name]}`);
  const notes = [
    ...(profiles.length > 0 ? [`By ENVIRONMENT: ${profiles.join(', ')}.`] : []),
    ...(isSecret(name) ? [`May also come from a file: ${name}_FILE=/path.`] : []),
    ...(isLive(name) ? ['May be changed live.'] : []),
  ];
  return [...wrap([schema.description ?? '', ...notes].join(' ')), `# ${name}=${fallback ?? ''}`].join('\n');
}

const LINE_MAX = 118;

function wrap(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length >= LINE_MAX) {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
