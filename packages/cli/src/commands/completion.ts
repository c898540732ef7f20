import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

const NAME = 'completion';

/** `completion <shell>`, and the hidden `complete` that shells ask. Added last: it knows the commands before it. */
export function completionCommand(program: Command): void {
  tab(program, { completionCommandName: NAME });
  program.commands
    .find((command) => command.name() === NAME)
    ?.description('print what makes a shell complete aaas; its help says how to load it')
    .hook('preAction', ({ args: [shell] }) => {
      if (shell === 'bash') process.stdout.write(BASH_PRELUDE);
    })
    .addHelpText('after', LOADING);
}

// The script asks a function of the package bash-completion, which not every machine has.
const BASH_PRELUDE = `type _get_comp_words_by_ref >/dev/null 2>&1 || _get_comp_words_by_ref() {
    local line="\${COMP_LINE:0:COMP_POINT}"
    read -ra words <<< "$line"
    [[ "$line" == *[[:space:]] ]] && words+=("")
    cword=$((\${#words[@]} - 1))
    cur="\${words[cword]}"
    prev="\${words[cword - 1]}"
}
`;

const LOADING = `
  bash        source <(aaas completion bash)      in ~/.bashrc
  zsh         source <(aaas completion zsh)       in ~/.zshrc, after compinit
  fish        aaas completion fish | source       in ~/.config/fish/config.fish
  powershell  aaas completion powershell | Out-String | Invoke-Expression   in $PROFILE`;
