import type { Command } from 'commander'

/** The command that everything about keys stands under, made by whoever asks first. */
export function keysGroup(program: Command): Command {
  return (
    program.commands.find((command) => command.name() === 'keys') ??
    program.command('keys').description('encryption keys')
  )
}
