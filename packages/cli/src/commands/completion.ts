import tab from '@bomb.sh/tab/commander';
import type { Command } from 'commander';

const NAME = 'completion';

/** `completion <shell>`, and the hidden `complete` that shells ask. Added last: it knows the commands before it. */
export function completionCommand(program: Command): void {
  tab(program, { completionCommandName: NAME });
  program.commands
    .find((command) => command.name() === NAME)
    ?.description('print what makes a shell complete aaas; its help says how to load it')
    .addHelpText('after', LOADING);
}

const LOADING = `
  bash        source <(aaas completion bash)      in ~/.bashrc
  zsh         source <(aaas completion zsh)       in ~/.zshrc, after compinit
  fish        aaas completion fish | source       in ~/.config/fish/config.fish
  powershell  aaas completion powershell | Out-String | Invoke-Expression   in $PROFILE`;
