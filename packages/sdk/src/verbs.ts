import type { Query, Transport } from './transport.ts'

export type Page<Noun extends string, T> = Record<Noun, T[]> & { nextCursor: string | null }
export type PageQuery = { limit?: number; cursor?: string }

/** What routes are asked by. */
export type Verbs = Transport & {
  get: <T>(path: string, query?: Query) => Promise<T>
  remove: (path: string) => Promise<undefined>
}

export function createVerbs({ request }: Transport): Verbs {
  return {
    request,
    get: (path, query = {}) => request('GET', path, { query, repeatable: true }),
    remove: (path) => request('DELETE', path),
  }
}

/** Ids go into paths: whatever is in them stays one segment. */
export const at = (id: string) => encodeURIComponent(id)
