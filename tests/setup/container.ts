import { randomBytes } from 'node:crypto'

import { startGuarded, type Guarded } from '@callwire/stores'
import { GenericContainer, Wait } from 'testcontainers'

export type ContainerOptions = {
  readonly image: string
  readonly port: number
  readonly environment?: Record<string, string>
  readonly command?: string[]
  /** A line of the container's log after which it is worth asking it whether it is ready. */
  readonly startedLog: RegExp
}

/** An image may have to be pulled first. */
const startBoundMs = 180_000
const janitorGraceMs = 5_000

/**
 * Starts a container whose port is published on a free port of this machine. testcontainers' own reaper is an image
 * that must be pulled and needs the engine's socket; a guard process removes the container just as surely, and is
 * there before the container is.
 */
export async function startContainer(
  o: ContainerOptions,
): Promise<{ host: string; port: number; stop(): Promise<void> }> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  const run = randomBytes(6).toString('hex')
  const janitor = await startJanitor(run)
  try {
    let container = new GenericContainer(o.image)
      .withExposedPorts(o.port)
      .withEnvironment(o.environment ?? {})
      .withLabels({ [label]: run })
      .withWaitStrategy(Wait.forLogMessage(o.startedLog))
      .withStartupTimeout(startBoundMs)
    if (o.command !== undefined) container = container.withCommand(o.command)
    const started = await container.start()
    return {
      host: started.getHost(),
      port: started.getMappedPort(o.port),
      stop: async () => janitor.stop(),
    }
  } catch (error) {
    await janitor.stop()
    throw error
  }
}

const label = 'callwire.tests'

/** Removes the run's containers when it is stopped and when we are gone. */
async function startJanitor(run: string): Promise<Guarded> {
  const find = `docker ps --all --quiet --filter label=${label}=${run}`
  return startGuarded(
    {
      stopSignal: 'SIGTERM',
      graceMs: janitorGraceMs,
      env: dockerEnvironment(),
      // Looked for twice: the engine may still have been creating it when we ended.
      after: [
        'sh',
        '-c',
        `for wait in 0 2; do sleep $wait; ${find} | xargs -r docker rm --force --volumes; done`,
      ],
    },
    'ignore',
  )
}

function dockerEnvironment(): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && /^(PATH|HOME|DOCKER_.*)$/.test(name)) picked[name] = value
  }
  return picked
}
