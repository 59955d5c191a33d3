import { readFileSync } from 'node:fs'

/** The lines of a table in `corpus/`, one JSON object each. */
export function corpus<Line>(name: 'hidden' | 'kept'): Line[] {
  const text = readFileSync(new URL(`../../corpus/${name}.jsonl`, import.meta.url), 'utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
}
