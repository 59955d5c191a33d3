import { Command } from 'commander'
import { registerAgents } from './commands/agents.ts'
import { registerBackup } from './commands/backup.ts'
import { registerCalls } from './commands/calls.ts'
import type { Context } from './commands/context.ts'
import { registerDialing } from './commands/dialing.ts'
import { registerImportOrigin } from './commands/import-origin.ts'
import { registerKeysDerive } from './commands/keys-derive.ts'
import { registerKeys } from './commands/keys.ts'
import { registerKeysWrap } from './commands/keys-wrap.ts'
import { registerNeverCall } from './commands/never-call.ts'
import { registerPhones } from './commands/phones.ts'
import { registerRestore } from './commands/restore.ts'
import { registerRetention } from './commands/retention.ts'
import { registerSettings } from './commands/settings.ts'
import { registerSimulator } from './commands/simulator.ts'
import { registerStreams } from './commands/streams.ts'
import { registerTenants } from './commands/tenants.ts'
import { registerWebhooks } from './commands/webhooks.ts'
import { createOutput, type Stream } from './output.ts'
import { createTarget, type Environment } from './target.ts'

/** The `callwire` command, with everything outside it passed in. */
export function createProgram(o: {
  env: Environment
  cwd: string
  stdout: Stream
  stderr: Stream
  signal: AbortSignal
}): Command {
  const program = new Command('callwire')
    .description(
      'Calls through Exotel: tenants, phones, agents, calls and their rules, keys, and a simulator to try them on.',
    )
    .option('--json', 'results as JSON, for programs')
    .configureOutput({
      writeOut: (text) => o.stdout.write(text),
      writeErr: (text) => o.stderr.write(text),
    })
    .exitOverride()
    .showHelpAfterError()
  const context: Context = {
    target: createTarget(o.env, o.cwd),
    env: o.env,
    output: () => createOutput(o.stdout, program.opts<{ json?: boolean }>().json === true),
    stderr: o.stderr,
    signal: o.signal,
  }
  registerTenants(program, context)
  registerPhones(program, context)
  registerAgents(program, context)
  registerCalls(program, context)
  registerStreams(program, context)
  registerDialing(program, context)
  registerNeverCall(program, context)
  registerSettings(program, context)
  registerRetention(program, context)
  registerWebhooks(program, context)
  registerImportOrigin(program, context)
  registerKeys(program, context)
  registerKeysDerive(program, context)
  registerKeysWrap(program, context)
  registerBackup(program, context)
  registerRestore(program, context)
  registerSimulator(program, context)
  acceptJsonAnywhere(program)
  return program
}

/** `--json` may stand before the command's name or after it. */
function acceptJsonAnywhere(program: Command): void {
  const visit = (command: Command) => {
    for (const sub of command.commands) {
      sub.option('--json', 'results as JSON, for programs')
      sub.hook('preAction', (self) => {
        if (self.opts<{ json?: boolean }>().json === true) program.setOptionValue('json', true)
      })
      visit(sub)
    }
  }
  visit(program)
}
