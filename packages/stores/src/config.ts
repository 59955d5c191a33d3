/** What this package takes from the environment: where programs are, and what the docker client needs. */
const dockerVariable = /^(PATH|HOME|DOCKER_.*|XDG_RUNTIME_DIR)$/

/** The PATH on which servers are looked for. */
export function searchPath(): string {
  return process.env['PATH'] ?? ''
}

/** The variables by which a docker client finds its engine. */
export function dockerEnvironment(): Record<string, string> {
  const picked: Record<string, string> = {}
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && dockerVariable.test(name)) picked[name] = value
  }
  return picked
}
