/** What vitest's parser makes of `--reporter`, which may come more than once, and of its other spelling. */
export type ReporterOptions = {
  readonly reporter?: unknown
  readonly reporters?: unknown
}

/**
 * The reporters that the arguments of a run name, or the one that is usual. To be given to vitest as
 * `reporters`, without `reporter`: to it that one displaces whatever else is to report.
 */
export function chosenReporters({ reporter, reporters }: ReporterOptions): readonly string[] {
  const named = [reporter, reporters].flat().filter((name) => typeof name === 'string')
  return named.length === 0 ? ['default'] : named
}
