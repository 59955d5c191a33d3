import type { Access } from './access.ts'

/** What a route of ours says about itself to the hooks. */
export type EdgeRouteConfig = {
  access: Access
  /** Answered also when the event loop is late: Exotel does not come back, probes must see. */
  exemptFromPressure?: boolean
  /** Whether its schema has a body of its own; without, only an empty one is taken. */
  hasBody?: boolean
}

/** A route's config in the framework's type, which names only what plugins put there. */
export function edgeConfig(config: EdgeRouteConfig): object {
  return config
}

export function isExemptFromPressure(config: object): boolean {
  return 'exemptFromPressure' in config && config.exemptFromPressure === true
}

export function hasBody(config: object | undefined): boolean {
  return config !== undefined && 'hasBody' in config && config.hasBody === true
}
