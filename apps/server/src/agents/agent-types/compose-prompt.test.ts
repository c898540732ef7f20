import { expect, test } from 'vitest';
import { composePrompt } from './compose-prompt.ts';

test('without personality and language the prompt stays as it is', () => {
  expect(composePrompt({ systemPrompt: 'You sort mail.', personality: null, language: null })).toBe('You sort mail.');
});

test('personality and language follow the prompt as sections, in this order', () => {
  const prompt = composePrompt({
    systemPrompt: 'You sort mail.\n',
    personality: ' Dry and brief. ',
    language: 'German',
  });
  const [before, personalityText, languageText] = prompt.split(/\n\n# (?:Personality|Language)\n\n/);
  expect(before).toBe('You sort mail.');
  expect(personalityText).toMatch(/^Dry and brief\.\n\nThis sets /);
  expect(languageText).toMatch(/^Answer in this language: German\. /);
  expect(prompt).not.toMatch(/\n{3,}|\s$/);
});

test('each section stands on its own', () => {
  expect(composePrompt({ systemPrompt: '', personality: 'Calm.', language: null })).toMatch(/^# Personality\n\nCalm\./);
  expect(composePrompt({ systemPrompt: '', personality: null, language: 'French' })).toMatch(/^# Language\n/);
});

test('blank parts leave no trace', () => {
  expect(composePrompt({ systemPrompt: 'You sort mail.', personality: ' \n', language: ' ' })).toBe('You sort mail.');
  expect(composePrompt({ systemPrompt: ' ', personality: null, language: null })).toBe('');
});

test('a language with line breaks cannot start a section of its own', () => {
  const prompt = composePrompt({ systemPrompt: '', personality: null, language: 'Swiss\n\n# German' });
  expect(prompt).toContain('Answer in this language: Swiss # German.');
});

test('text with replacement patterns is kept literally', () => {
  expect(composePrompt({ systemPrompt: 'A', personality: "Says $& and $'.", language: null })).toContain(
    "Says $& and $'.",
  );
});
