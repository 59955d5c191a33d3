import { startGuarded } from '@callwire/stores'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'

export type ContainerOptions = {
  readonly image: string
  readonly port: number
  readonly environment?: Record<string, string>
  readonly command?: string[]
  /** A line of the container's log that says it is ready, and how often it comes. */
  readonly readyLog: RegExp
  readonly readyTimes: number
}

/** An image may have to be pulled first. */
const startBoundMs = 180_000
const janitorGraceMs = 5_000

/**
 * Starts a container whose port is published on a free port of this machine. testcontainers' own reaper is an image
 * that must be pulled and needs the engine's socket; a guard process removes the container just as surely.
 */
export async function startContainer(
  o: ContainerOptions,
): Promise<{ host: string; port: number; stop(): Promise<void> }> {
  process.env['TESTCONTAINERS_RYUK_DISABLED'] ??= 'true'
  let container = new GenericContainer(o.image)
    .withExposedPorts(o.port)
    .withEnvironment(o.environment ?? {})
    .withWaitStrategy(Wait.forLogMessage(o.readyLog, o.readyTimes))
    .withStartupTimeout(startBoundMs)
  if (o.command !== undefined) container = container.withCommand(o.command)
  const started: StartedTestContainer = await container.start()
  const janitor = await startGuarded(
    {
      stopSignal: 'SIGTERM',
      graceMs: janitorGraceMs,
      env: dockerEnvironment(),
      after: ['docker', 'rm', '--force', '--volumes', started.getId()],
    },
    'ignore',
  )
  return {
    host: started.getHost(),
    port: started.getMappedPort(o.port),
    async stop() {
      await started.stop({ timeout: 0 })
      await janitor.stop()
    },
  }
}

function dockerEnvironment(): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && /^(PATH|HOME|DOCKER_.*)$/.test(name)) picked[name] = value
  }
  return picked
}
