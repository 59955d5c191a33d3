import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'

export type Issue = { path: string; rule: string; message: string }

/** More than these help nobody, and an answer must not grow with what was sent. */
const maxIssues = 20
const maxPathLength = 200

/** Places in a request, as the details name them. */
const places: Readonly<Record<string, string>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'headers',
}

/**
 * What the schemas found wrong, as dotted paths, or null when the error is of another kind.
 * Values are never repeated; an unknown field is named, because its name is its path.
 */
export function validationIssues(error: unknown): Issue[] | null {
  if (!hasZodFastifySchemaValidationErrors(error)) return null
  const place = places[error.validationContext ?? 'body'] ?? 'body'
  return error.validation
    .flatMap((found) => {
      const path = found.instancePath.split('/').filter((part) => part !== '')
      const keys: unknown = found.params['keys']
      if (found.keyword === 'unrecognized_keys' && Array.isArray(keys)) {
        return keys.map((key) =>
          issue([place, ...path, String(key)], 'unknown_field', 'is unknown'),
        )
      }
      return [issue([place, ...path], found.keyword, found.message ?? 'is not valid')]
    })
    .slice(0, maxIssues)
}

function issue(path: readonly string[], rule: string, message: string): Issue {
  return { path: path.join('.').slice(0, maxPathLength), rule, message }
}
