/** What the set-up of a test run hands to its workers. */
declare module 'vitest' {
  // eslint-disable-next-line @typescript-eslint/consistent-type-definitions -- only interfaces merge
  export interface ProvidedContext {
    /** The migrator's URL on the test server; empty when the run has no Postgres. */
    postgresUrl: string
    /** The database that tests clone; empty when it could not be made. */
    postgresTemplate: string
    /** Why there is no template; empty when there is one. */
    postgresProblem: string
    /** The shared test Redis; empty when the run has none. */
    redisUrl: string
  }
}

/** Logins of services on every test server: fixed, because roles belong to the server and not to one database. */
export function testServicePassword(service: string): string {
  return `test-${service}`
}
