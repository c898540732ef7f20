interface PromptParts {
  systemPrompt: string;
  personality: string | null;
  language: string | null;
}

/** The system prompt with its personality and language sections; what is blank is left out, `''` if all of it is. */
export function composePrompt({ systemPrompt, personality, language }: PromptParts): string {
  return [systemPrompt.trim(), personalitySection(personality), languageSection(language)]
    .filter((section) => section !== '')
    .join('\n\n');
}

function personalitySection(personality: string | null): string {
  const text = personality?.trim();
  if (!text) return '';
  return `# Personality

${text}

This sets your tone and manner. It does not change what is true, what you are allowed to do or how carefully you work.`;
}

function languageSection(language: string | null): string {
  // On one line: it stands in the middle of a sentence.
  const name = language?.trim().replace(/\s+/g, ' ');
  if (!name) return '';
  return `# Language

Answer in this language: ${name}. Do so whatever language the messages, files and sources are in, except for text that
you are asked to write in another one, such as a translation. Leave code, commands, file names and quotations as they
are.`;
}
