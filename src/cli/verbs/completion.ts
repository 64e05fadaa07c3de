/** `ringmaster completion`: a script for the shell, made of the verbs and options that there are. */
import type { Command } from '../command.ts';
import { CommandError, EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';

/** Adds it. */
export function addCompletion(program: Command): void {
  program
    .command('completion [shell]')
    .description('a script that completes verbs and options: source <(ringmaster completion bash)')
    .action((shell: string = 'bash') => {
      if (shell !== 'bash' && shell !== 'zsh') {
        throw new CommandError(EXIT.usage, `shell is ${shell}; expected bash or zsh.`);
      }
      const prefix = shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : [];
      print([...prefix, ...scriptOf(program)].join('\n'));
    });
}

function scriptOf(program: Command): readonly string[] {
  const verbs = program.commands.map((one) => one.name());
  const cases = program.commands.map((one) => {
    const words = one.options.flatMap(({ long, short }) => [long, short].filter(Boolean));
    return `    ${one.name()}) words="${words.join(' ')}" ;;`;
  });
  return [
    '_ringmaster() {',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's own.
    '  local words="" verb="${COMP_WORDS[1]}" word="${COMP_WORDS[COMP_CWORD]}"',
    `  if [ "$COMP_CWORD" -eq 1 ]; then words="${verbs.join(' ')}"; fi`,
    '  if [ "$COMP_CWORD" -gt 1 ]; then case "$verb" in',
    ...cases,
    '  esac; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$word"))',
    '}',
    'complete -o default -F _ringmaster ringmaster',
  ];
}
