import { fileURLToPath } from 'node:url'
import { startServiceProcess, type ServiceProcess } from '@callwire/testkit'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))

/** A dialer as it runs for real: a process of its own. */
export function startDialerProcess(environment: Record<string, string>): Promise<ServiceProcess> {
  return startServiceProcess(main, environment, '"msg":"started"')
}
