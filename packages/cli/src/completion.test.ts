import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const BIN = fileURLToPath(new URL('../../../node_modules/.bin', import.meta.url));

test('bash completes commands and options, also without the package bash-completion', () => {
  const complete = (line: string) => `COMP_LINE=${JSON.stringify(line)} COMP_POINT=${line.length}; COMPREPLY=()
    __aaas_complete; echo "\${COMPREPLY[@]}"`;
  // Outside of a completion there is no compopt.
  const program = `source <(aaas completion bash); compopt() { :; }
    ${complete('aaas ag')}\n${complete('aaas agents ')}\n${complete('aaas agents create --ty')}`;
  const env = { ...process.env, PATH: `${BIN}:${process.env.PATH}` };
  const { stdout, stderr } = spawnSync('bash', ['--norc', '--noprofile', '-c', program], { encoding: 'utf8', env });
  expect(stderr).toBe('');
  const [nouns, verbs, option] = stdout.split('\n');
  expect(nouns?.split(' ').sort()).toEqual(['agent-types', 'agents']);
  expect(verbs?.split(' ')).toEqual(expect.arrayContaining(['create', 'list', 'rollback']));
  expect(option).toBe('--type');
});
