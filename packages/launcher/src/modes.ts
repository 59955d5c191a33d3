import { AppError } from '@callwire/runtime'

import type { Mode } from './config.ts'
import { farewell } from './demo/farewell.ts'
import { runDemoCall } from './demo/run-demo.ts'
import {
  demoOverrides,
  simulatorAccount,
  simulatorEnvironment,
  simulatorHost,
} from './demo/simulator.ts'
import type { LaunchContext } from './launch.ts'
import { startSystem, type System, type SystemDeps } from './system.ts'
import { demoTenant, firstAdmin, tenantFile } from './tenants.ts'

const realServices = ['gateway', 'ingest', 'dialer', 'transcriber', 'copilot', 'courier'] as const

/** Runs one mode to its end. Gives the exit code. */
export async function runMode(mode: Mode, context: LaunchContext): Promise<number> {
  return mode === 'demo' ? runDemo(context) : runForReal(context)
}

async function runForReal(context: LaunchContext): Promise<number> {
  const { config, console } = context
  let admin: { email: string; password: string } | null = null
  await using system = await startSystem({
    ...depsOf(context),
    services: realServices,
    overrides: () => ({}),
    simulator: () => ({}),
    seed: async (migratorUrl) => {
      admin = await firstAdmin(migratorUrl)
    },
  })
  if ((config.given.ASR_PROVIDER ?? '') === '') {
    console.progress('ASR_PROVIDER is not set: calls will have no transcript')
  }
  tellReady(context, system)
  tellAdmin(context, admin)
  await untilStopped(context.signal)
  return 0
}

/** Shown once: it is stored as a hash alone. */
function tellAdmin(
  context: LaunchContext,
  admin: { email: string; password: string } | null,
): void {
  if (admin === null) return
  context.console.result(
    `first sign-in: ${admin.email} with one-time password ${admin.password}, to be changed then`,
  )
}

async function runDemo(context: LaunchContext): Promise<number> {
  const { console, dataDir, signal, stdout } = context
  const account = simulatorAccount(dataDir.path)
  const tenant = Promise.withResolvers<Awaited<ReturnType<typeof demoTenant>>>()
  await using system = await startSystem({
    ...depsOf(context),
    services: [...realServices, 'exotel-simulator'],
    overrides: demoOverrides,
    simulator: (places) => simulatorEnvironment(account, places, dataDir.path),
    seed: async (migratorUrl) => {
      tenant.resolve(await demoTenant(migratorUrl, dataDir.path))
    },
  })
  tellReady(context, system)
  const login = await tenant.promise
  const { callId, phoneId, problem } = await runDemoCall({
    system,
    apiKey: login.apiKey,
    account,
    console,
    stdout,
    signal,
  })
  if (signal.aborted) return context.once ? interruptedCode : 0
  if (problem !== null && context.once) {
    throw new AppError({ code: 'demo_failed', message: problem, level: 'fatal' })
  }
  if (context.once) return 0
  if (problem !== null) console.result(problem)
  const words = farewell({
    gatewayUrl: system.urls.gateway,
    simulatorUrl: `http://${simulatorHost(system.places)}`,
    callId,
    phoneId,
    email: login.email,
    password: login.password,
    apiKeyFile: tenantFile(dataDir.path),
  })
  for (const line of words) console.result(line)
  await untilStopped(signal)
  return 0
}

/** As shells report an end by SIGINT. */
export const interruptedCode = 130

function depsOf(
  context: LaunchContext,
): Pick<SystemDeps, 'config' | 'dataDir' | 'clock' | 'log' | 'console' | 'signal'> {
  const { config, dataDir, clock, log, console, signal } = context
  return { config, dataDir, clock, log, console, signal }
}

function tellReady({ console }: LaunchContext, { urls }: System): void {
  console.result(`ready ${JSON.stringify(urls)}`)
}

async function untilStopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return
  await new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
